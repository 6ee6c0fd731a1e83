import { get, post, signed, skip as pathOf } from './api.js';
import { confirmChange } from './change.js';
import { h, onActions, patch } from './dom.js';
import { count, plain, records } from './format.js';
import { indented } from './json.js';
import { badge, button, fact } from './parts.js';
import { problemBox } from './problem.js';
import { at } from './time.js';
import { REASONS } from './words.js';

/**
 * A skip record in full, over the page. closed(): when it is put away; changed(message): after a retry or discard;
 * onlyStream(persistenceId): to see its stream's records.
 */
export class RecordDialog {
  constructor(name, id, { readOnly, closed, changed, onlyStream }) {
    this.name = name;
    this.id = id;
    this.path = pathOf(name, id);
    this.readOnly = readOnly;
    this.changed = changed;
    this.retried = false;
    this.heading = h('h2', { id: 'record-title', tabindex: '-1', autofocus: true }, `Record ${id}`);
    this.content = h('div', { class: 'record' }, h('p', { class: 'quiet' }, 'Reading the record …'));
    this.notice = h('p', { class: 'notice', role: 'status' });
    this.actions = h('div', { class: 'actions' });
    this.dialog = h('dialog', { class: 'drawer', 'aria-labelledby': 'record-title', 'data-record': id },
      h('div', { class: 'section-head' },
        this.heading, this.actions,
        h('button', { type: 'button', 'data-action': 'close-record' }, 'Close')),
      this.notice, this.content);
    onActions(this.dialog, {
      'close-record': () => this.dialog.close(),
      'look-again': () => this.load(),
      retry: () => this.change('retry'),
      discard: () => this.change('discard'),
      'only-stream': () => {
        onlyStream(this.details.skip.persistenceId);
        this.dialog.close();
      },
    });
    this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener('close', () => {
      this.dialog.remove();
      closed();
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.load();
  }

  close() {
    this.dialog.close();
  }

  setReadOnly(readOnly) {
    this.readOnly = readOnly;
    this.render();
  }

  /** The counts have changed. After a retry people wait for what comes of it; before, what they look at stays as it is. */
  stale() {
    if (this.retried) {
      this.load();
    }
  }

  async load() {
    try {
      this.details = await get(this.path);
      this.problem = null;
    } catch (problem) {
      this.details = null;
      this.problem = problem;
    }
    this.render();
  }

  render() {
    if (this.details) {
      patch(this.content, details(this.details));
    } else if (this.problem) {
      patch(this.content, this.problem.status === 404
        ? h('p', { 'data-gone': '' }, 'It is not open any more: it has been applied, discarded or superseded by a rebuild.')
        : problemBox(this.problem));
    }
    const changing = this.details && !this.readOnly;
    patch(this.actions,
      changing && button('retry', 'Retry', 'primary'),
      changing && button('discard', 'Discard', 'danger'),
      button('look-again', 'Look again'));
    if (document.activeElement === document.body) {
      this.heading.focus();
    }
  }

  change(route) {
    const { skip, behind } = this.details;
    const discard = route === 'discard';
    const waiting = behind > 0 && `${records(behind)} of its stream ${behind === 1 ? 'waits' : 'wait'} behind it.`;
    confirmChange({
      title: `${discard ? 'Discard' : 'Retry'} record ${this.id}`,
      about: [
        h('p', {}, discard
          ? 'It is given up for good: its event will be missing in the read model. A rebuild takes it in again.'
          : 'It is tried again at once.'),
        waiting && h('p', {}, waiting),
      ].filter(Boolean),
      confirm: discard ? 'Discard' : 'Retry',
      danger: discard,
      send: ({ reason, requestedBy, key }) =>
        post(`${this.path}/${route}`, signed({ reason }, requestedBy), { 'If-Match': skip.revision, 'Idempotency-Key': key }),
      done: async (answer) => {
        this.retried = true;
        this.notice.textContent = plain(answer.message);
        this.changed(answer.message);
        await this.load();
        this.heading.focus();
      },
      failed: (problem) => [404, 409, 412].includes(problem.status) && this.load(),
    });
  }
}

function details({ skip, event, error, behind }) {
  const parked = skip.parkedAt !== null;
  return [
    h('dl', { class: 'facts' },
      fact('Stream',
        h('bdi', { class: 'stream whole', 'data-field': 'persistenceId' }, plain(skip.persistenceId)), ' ',
        button('only-stream', 'Only this stream')),
      fact('Sequence number', count(skip.sequenceNumber)),
      fact('Reason',
        h('span', { class: 'reason', 'data-reason': skip.reason }, skip.reason),
        h('span', { class: 'quiet' }, ` ${REASONS[skip.reason] ?? ''}`)),
      fact('Recorded', at(skip.recordedAt)),
      fact('Attempts', count(skip.attempts)),
      skip.firstFailedAt !== null && fact('First failed', at(skip.firstFailedAt)),
      skip.nextAttemptAt !== null && !parked && fact('Next attempt', at(skip.nextAttemptAt)),
      parked && fact('Parked', badge('parked', 'bad'), ' ', at(skip.parkedAt)),
      fact('Behind it', behind === 0 ? 'nothing waits' : `${records(behind)} of its stream ${behind === 1 ? 'waits' : 'wait'}`)),
    eventParts(event),
    h('h3', {}, 'Error'),
    error === null ? h('p', { class: 'quiet' }, 'It never failed.') : text('error', 'Error with its stack', error),
  ];
}

function eventParts(event) {
  if (event === null) {
    return [h('h3', {}, 'Event'), h('p', { class: 'callout', 'data-tone': 'warn' }, 'It was deleted from the journal.')];
  }
  const json = event.json && (indented(event.json) ?? event.json);
  return [
    h('h3', {}, 'Event'),
    h('dl', { class: 'facts' },
      fact('Type', h('bdi', {}, plain(event.type))),
      fact('Written', at(event.writtenAt)),
      fact('Ordering', count(event.ordering)),
      fact('Serializer', `${event.serializerId} `, h('bdi', {}, plain(event.manifest))),
      fact('Size', `${count(event.bytes)} bytes`)),
    event.problem && h('p', { class: 'callout', 'data-tone': 'warn' }, h('bdi', {}, plain(event.problem))),
    json && text('event', 'Event as JSON', json),
  ];
}

function text(field, label, content) {
  return h('pre', { tabindex: '0', role: 'region', 'aria-label': label, 'data-field': field }, plain(content));
}
