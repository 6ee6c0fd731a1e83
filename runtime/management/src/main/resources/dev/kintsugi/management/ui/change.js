import { idempotencyKey } from './api.js';
import { h } from './dom.js';
import { problemBox } from './problem.js';

const REMEMBERED = 'kintsugi.requestedBy';

// Asking again from the same dialog would be answered the same.
const FINAL = [403, 404, 412, 422];

/**
 * Asks whether a change is meant, why, and who asks, and makes it. The key is the dialog's, so that a second click, or a second try
 * after an answer got lost, does not make the change twice.
 *
 * about: nodes that say what it means; fields: more inputs, each by its id; preview: resolves to nodes that are shown first, or to
 * null if there is nothing to do; send({reason, requestedBy, key, values}): makes the change, with what the fields have by their
 * ids; done(answer, values): after it; failed(problem): if it was refused and the dialog has been closed. overrule: what is asked if
 * it was refused as things stand (409) and may be made all the same: {warning, label, confirm}; send({force: true, …}) does that.
 */
export function confirmChange({ title, about, confirm, danger = false, fields = [], preview, send, done, failed = () => {}, overrule }) {
  const key = idempotencyKey();
  const reason = h('textarea', {
    id: 'change-reason', required: true, maxlength: 1000, rows: 2, 'aria-describedby': 'change-reason-hint', autofocus: true,
  });
  const requestedBy = h('input', { id: 'change-by', maxlength: 100, autocomplete: 'username', 'aria-describedby': 'change-by-hint' });
  requestedBy.value = remembered();
  const submit = h('button', { type: 'submit', class: danger ? 'danger primary' : 'primary', 'data-action': 'confirm' }, confirm);
  const cancel = h('button', { type: 'button', 'data-action': 'cancel' }, 'Cancel');
  const previewed = h('div', { class: 'preview', 'aria-live': 'polite' });
  const trouble = h('div', { role: 'alert' });
  const forced = h('input', { id: 'change-force', type: 'checkbox', 'aria-describedby': 'change-force-hint' });
  const dialog = h('dialog', { class: 'change', 'aria-labelledby': 'change-title' },
    h('form', {},
      h('h2', { id: 'change-title' }, title),
      h('div', { class: 'about' }, about),
      preview && previewed,
      fields.map(({ id, label, hint, input }) => h('label', { for: id }, label, input, h('span', { class: 'hint' }, hint))),
      h('label', { for: 'change-reason' }, 'Reason', reason),
      h('p', { class: 'hint', id: 'change-reason-hint' }, 'Is kept in the history.'),
      h('label', { for: 'change-by' }, 'Asked by', requestedBy),
      h('p', { class: 'hint', id: 'change-by-hint' }, 'Your name; the user that is signed in counts instead, if there is one.'),
      trouble,
      h('div', { class: 'buttons' }, cancel, submit)));
  let busy = false;

  const able = (yes) => submit.toggleAttribute('disabled', !yes);
  const force = (yes) => {
    forced.checked = yes;
    submit.textContent = yes ? overrule.confirm : confirm;
  };
  const explain = (problem) => {
    trouble.replaceChildren(problemBox(problem, { changing: true }));
    if (overrule && problem.status === 409) {
      trouble.append(h('div', { class: 'callout', 'data-tone': 'bad', 'data-overrule': '' },
        h('p', { id: 'change-force-hint' }, overrule.warning),
        h('label', { class: 'check', for: 'change-force' }, forced, overrule.label)));
    }
  };

  reason.addEventListener('input', () => reason.setCustomValidity(reason.value.trim() === '' && reason.value !== '' ? 'Please say why.' : ''));
  forced.addEventListener('change', () => force(forced.checked));
  cancel.addEventListener('click', () => dialog.close());
  dialog.addEventListener('cancel', (event) => busy && event.preventDefault());
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    busy = true;
    submit.setAttribute('aria-disabled', 'true');
    const overruled = forced.isConnected && forced.checked;
    trouble.replaceChildren();
    force(false);
    remember(requestedBy.value.trim());
    const values = Object.fromEntries(fields.map(({ id, input }) => [id, input.value.trim()]));
    try {
      const answer = await send({ reason: reason.value.trim(), requestedBy: requestedBy.value.trim(), key, values, force: overruled });
      dialog.close();
      done(answer, values);
    } catch (problem) {
      if (dialog.open) {
        explain(problem);
        if (FINAL.includes(problem.status)) {
          able(false);
          cancel.focus();
        }
      }
      failed(problem);
    } finally {
      busy = false;
      submit.removeAttribute('aria-disabled');
    }
  });

  document.body.append(dialog);
  dialog.showModal();
  if (preview) {
    able(false);
    previewed.textContent = 'Looking what that would do …';
    preview().then(({ nodes, possible }) => {
      previewed.replaceChildren(...nodes);
      able(possible);
    }, (problem) => {
      previewed.replaceChildren();
      explain(problem);
    });
  }
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) ?? '';
  } catch {
    return '';
  }
}

function remember(name) {
  try {
    localStorage.setItem(REMEMBERED, name);
  } catch {
    // Then it is asked for each time.
  }
}
