// Elements are built here and nowhere else: what comes from outside becomes text, never markup.

/** An element with attributes and children; a string becomes a text node, null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== false && value != null) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Calls the handler that is named by data-action of what was clicked. */
export function onActions(container, handlers) {
  container.addEventListener('click', (event) => {
    const target = event.target.closest('[data-action]');
    const handler = target && handlers[target.dataset.action];
    if (handler) {
      event.preventDefault();
      handler(target);
    }
  });
}

/**
 * Makes the children of a container like the fresh ones while elements that stay are kept, so that focus, scroll place and
 * selection survive a live update. Children with a data-key are told apart by it, others by their place. Focus in what is gone
 * moves to the page's heading.
 */
export function patch(container, ...fresh) {
  const focused = document.activeElement;
  const inside = container.contains(focused);
  reconcile(container, h('div', {}, ...fresh));
  if (inside && focused !== document.activeElement) {
    (focused.isConnected ? focused : document.querySelector('h1')).focus({ preventScroll: true });
  }
}

function reconcile(container, wanted) {
  const wantedKeys = new Set([...wanted.children].map((child) => child.dataset.key));
  const present = new Map();
  for (const child of [...container.children]) {
    if (child.dataset.key) {
      if (wantedKeys.has(child.dataset.key)) {
        present.set(child.dataset.key, child);
      } else {
        child.remove();
      }
    }
  }
  let place = container.firstChild;
  for (const next of [...wanted.childNodes]) {
    const candidate = next.dataset?.key ? present.get(next.dataset.key) : place;
    if (!candidate || !alike(candidate, next)) {
      container.insertBefore(next, place);
      continue;
    }
    if (candidate !== place) {
      container.insertBefore(candidate, place);
    }
    update(candidate, next);
    place = candidate.nextSibling;
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function alike(one, other) {
  return one.nodeName === other.nodeName && one.dataset?.key === other.dataset?.key;
}

function update(node, like) {
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.data !== like.data) {
      node.data = like.data;
    }
    return;
  }
  for (const { name } of [...node.attributes]) {
    if (!like.hasAttribute(name)) {
      node.removeAttribute(name);
    }
  }
  for (const { name, value } of like.attributes) {
    if (node.getAttribute(name) === value) {
      continue;
    }
    if (name === 'style') {
      // The content security policy lets scripts set styles, but not the attribute.
      node.style.cssText = value;
    } else {
      node.setAttribute(name, value);
    }
  }
  reconcile(node, like);
}
