import { get } from './api.js';
import { h, onActions, patch } from './dom.js';
import { count, duration, percent, plain } from './format.js';
import { badge, button, fact, side } from './parts.js';
import { problemBox } from './problem.js';
import { ago, secondsBetween } from './time.js';

const STATES = {
  waiting: ['work', 'Its node has others to verify before it'],
  running: ['work', 'It goes on'],
  clean: ['good', 'The read model is what the journal says'],
  different: ['bad', 'Some rows are not what the journal says'],
  incomplete: ['warn', 'Nothing is wrong in what was compared, and not all could be'],
  failed: ['bad', 'It has no result'],
  stopped: ['warn', 'It has no result'],
  abandoned: ['warn', 'It has no result'],
};

/** Whether a verification has yet to come to its end. */
export function isOpen(verification) {
  return verification !== null && (verification.state === 'waiting' || verification.state === 'running');
}

/** The last verification of a projection, and, for those who ask, the rows that it found to differ. */
export class Verification {
  last = null;

  constructor(path, announce) {
    this.path = path;
    this.announce = announce;
    this.element = h('section', { class: 'card', 'aria-labelledby': 'verification-title', id: 'verification' });
    onActions(this.element, { rows: () => this.show(), 'no-rows': () => this.hide() });
  }

  update(last) {
    if (isOpen(this.last) && !isOpen(last)) {
      this.announce(`Verification: ${last?.state ?? 'gone'}`);
    }
    if (this.last?.id !== last?.id) {
      this.rows = null;
      this.problem = null;
    }
    this.last = last;
    this.render();
  }

  async show() {
    const { id } = this.last;
    try {
      const { tables } = await get(`${this.path}/verifications/${id}`);
      if (this.last.id === id) {
        this.rows = tables;
        this.problem = null;
      }
    } catch (problem) {
      this.problem = problem;
    }
    this.render();
  }

  hide() {
    this.rows = null;
    this.render();
  }

  render() {
    patch(this.element, panel(this.last), this.problem && problemBox(this.problem),
      this.last?.tables.some(({ missing, surplus }) => missing + surplus > 0) && h('div', { class: 'buttons' },
        this.rows ? button('no-rows', 'Hide rows') : button('rows', 'Show rows')),
      this.rows && this.rows.map(examples));
  }
}

function panel(last) {
  if (last === null) {
    return [h('h2', { id: 'verification-title' }, 'Verification'), h('p', { class: 'quiet' }, 'It was never asked for.')];
  }
  const [tone, title] = STATES[last.state] ?? ['warn', ''];
  return [
    h('div', { class: 'section-head' },
      h('h2', { id: 'verification-title' }, isOpen(last) ? 'Verification under way' : 'Last verification'),
      badge(last.state, tone, title),
      h('p', { class: 'quiet' }, `number ${last.id}, asked for `, ago(last.requestedAt), ' by ', h('bdi', {}, plain(last.requestedBy)))),
    h('p', { class: 'said' }, h('bdi', {}, plain(last.reason))),
    last.detail !== null && h('p', { class: 'callout', 'data-tone': tone }, h('bdi', {}, plain(last.detail))),
    isOpen(last) && h('div', { class: 'replay' },
      h('progress', { value: last.progress, max: 1, 'aria-label': 'Verification' }),
      h('b', {}, last.state === 'waiting' ? 'waits' : last.progress === 1 ? 'compares' : percent(last.progress))),
    h('dl', { class: 'facts' },
      fact('Applied', `${count(last.events)} events`),
      fact('Left out as open', count(last.open)),
      fact('Left out as given up', count(last.discarded)),
      last.upTo !== null && fact('Up to', `ordering ${count(last.upTo)}`),
      fact('Node', h('span', { class: 'node' }, plain(last.node))),
      last.startedAt !== null && last.endedAt !== null && fact('Took', duration(secondsBetween(last.startedAt, last.endedAt)))),
    last.tables.map(found),
  ];
}

function found(table) {
  return [
    h('p', { class: 'found' }, h('bdi', {}, plain(table.table)), ': ', result(table)),
    table.notCompared.map((reason) => h('p', { class: 'callout', 'data-tone': 'warn' }, h('bdi', {}, plain(reason)))),
  ];
}

function result({ exists, rows, missing, surplus, conclusive, notCompared }) {
  if (!exists) {
    return h('span', { class: 'tone', 'data-tone': 'bad' }, 'there is no such table');
  }
  if (missing + surplus > 0) {
    return h('span', { class: 'tone', 'data-tone': conclusive ? 'bad' : 'warn' },
      `of ${count(rows)} rows ${count(surplus)} should not be as they are; ${count(missing)} are not there as they should be`);
  }
  return notCompared.length > 0
    ? h('span', { class: 'tone', 'data-tone': 'warn' }, `${count(rows)} rows, not all of which was compared`)
    : `all ${count(rows)} rows are as they should be`;
}

function examples({ table, examples: rows }) {
  return rows.length > 0 && h('div', { class: 'fence', 'data-key': table },
    h('h3', {}, plain(table)),
    h('ol', { class: 'history' }, rows.map(({ key, expected, actual }) => h('li', { 'data-row': plain(key) },
      h('p', {}, h('b', {}, h('bdi', {}, plain(key)))),
      h('div', { class: 'sides' },
        side('As the journal says', expected, 'The journal says nothing of such a row.'),
        side('As it is', actual, 'There is no such row.'))))));
}
