import { get, post, signed, skip as pathOf } from './api.js';
import { confirmChange } from './change.js';
import { h, onActions } from './dom.js';
import { count, plain, records } from './format.js';
import { indented } from './json.js';
import { problemBox } from './problem.js';
import { at } from './time.js';
import { badge, REASONS } from './words.js';

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
    this.content = h('div', { class: 'record' }, h('p', { class: 'quiet' }, 'Reading the record …'));
    this.notice = h('p', { class: 'notice', role: 'status' });
    this.actions = h('div', { class: 'actions' });
    this.dialog = h('dialog', { class: 'drawer', 'aria-labelledby': 'record-title', 'data-record': id },
      h('div', { class: 'section-head' },
        h('h2', { id: 'record-title', tabindex: '-1', autofocus: true }, `Record ${id}`), this.actions,
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

  async load() {
    try {
      this.details = await get(this.path);
      this.content.replaceChildren(...details(this.details));
    } catch (problem) {
      this.details = null;
      this.content.replaceChildren(problem.status === 404
        ? h('p', { 'data-gone': '' }, 'It is not open any more: it has been applied, discarded or superseded by a rebuild.')
        : problemBox(problem));
    }
    const changing = this.details !== null && !this.readOnly;
    this.actions.replaceChildren(...[
      changing && button('retry', 'Retry', 'primary'),
      changing && button('discard', 'Discard', 'danger'),
      button('look-again', 'Look again'),
    ].filter(Boolean));
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
        this.changed(answer.message);
        this.notice.textContent = plain(answer.message);
        await this.load();
        this.dialog.querySelector('h2').focus();
      },
      failed: (problem) => [404, 409, 412].includes(problem.status) && this.load(),
    });
  }
}

function details({ skip, event, error, behind }) {
  const parked = skip.parkedAt !== null;
  return [
    h('dl', { class: 'facts' },
      fact('Stream', h('bdi', { class: 'stream whole', 'data-field': 'persistenceId' }, plain(skip.persistenceId)), ' ', button('only-stream', 'Only this stream')),
      fact('Sequence number', count(skip.sequenceNumber)),
      fact('Reason', h('span', { class: 'reason', 'data-reason': skip.reason }, skip.reason), h('span', { class: 'quiet' }, ` ${REASONS[skip.reason] ?? ''}`)),
      fact('Recorded', at(skip.recordedAt)),
      fact('Attempts', count(skip.attempts)),
      skip.firstFailedAt !== null && fact('First failed', at(skip.firstFailedAt)),
      skip.nextAttemptAt !== null && !parked && fact('Next attempt', at(skip.nextAttemptAt)),
      parked && fact('Parked', badge('parked', 'bad'), ' ', at(skip.parkedAt)),
      fact('Behind it', behind === 0 ? 'nothing waits' : `${records(behind)} of its stream ${behind === 1 ? 'waits' : 'wait'}`)),
    ...eventParts(event),
    ...(error === null ? [h('h3', {}, 'Error'), h('p', { class: 'quiet' }, 'It never failed.')] : [h('h3', {}, 'Error'), text('error', 'Error with its stack', error)]),
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
  ].filter(Boolean);
}

function text(field, label, content) {
  return h('pre', { tabindex: '0', role: 'region', 'aria-label': label, 'data-field': field }, plain(content));
}

function fact(term, ...value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, ...value));
}

function button(action, label, kind) {
  return h('button', { type: 'button', class: kind, 'data-action': action }, label);
}
