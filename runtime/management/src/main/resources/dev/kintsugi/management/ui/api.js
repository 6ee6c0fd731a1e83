// The page stands at PREFIX/projections/ui, so the API is found from there, whatever a proxy put before it.
const base = new URL('.', document.baseURI).href.replace(/\/$/, '');

export const eventsUrl = `${base}/events`;

/** An answer that is an error, as RFC 9457 has it; status 0 if there was no answer. */
export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

export function projection(name) {
  return `/${encodeURIComponent(name)}`;
}

export function skip(name, id) {
  return `${projection(name)}/skips/${encodeURIComponent(id)}`;
}

export function get(path, query) {
  return ask('GET', path, query, { headers: { Accept: 'application/json' } });
}

export function post(path, body, headers) {
  return ask('POST', path, undefined, {
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

export function remove(path, query) {
  return ask('DELETE', path, query, { headers: { Accept: 'application/json' } });
}

/** Who is asking, left out where nobody said. */
export function signed(change, requestedBy) {
  return requestedBy ? { ...change, requestedBy } : change;
}

/** crypto.randomUUID exists in secure contexts only, and a cluster's inner network is often plain HTTP. */
export function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function ask(method, path, query, options) {
  const parameters = new URLSearchParams(query).toString();
  let response;
  let text;
  try {
    response = await fetch(base + path + (parameters && `?${parameters}`), { method, cache: 'no-store', ...options });
    text = await response.text();
  } catch (failure) {
    throw new Problem(0, 'No answer', `The node did not answer (${failure.message}). It may or may not have done what was asked.`);
  }
  const body = parsed(text);
  if (!response.ok) {
    throw new Problem(response.status, body?.title ?? response.statusText, body?.detail ?? text.slice(0, 500));
  }
  if (body === null) {
    throw new Problem(response.status, 'Not JSON', 'The answer is not from the API. Perhaps something between here and there answered.');
  }
  return body;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
