import { get, post, projection, signed } from './api.js';
import { confirmChange } from './change.js';
import { h, onActions, patch } from './dom.js';
import { asQuery, FilterForm, inWords } from './filter.js';
import { count, plain, records } from './format.js';
import { badge, button, stackedRow, stackedTable } from './parts.js';
import { problemBox } from './problem.js';
import { ago } from './time.js';
import { byReason } from './words.js';

const LIMIT = 25;
const DEEDS = {
  retry: { verb: 'Retry', about: 'They are tried again at once, parked ones too.', danger: false },
  discard: {
    verb: 'Discard',
    about: 'They are given up for good: their events will be missing in the read model. A rebuild takes them in again.',
    danger: true,
  },
};

/** The open skip records of a projection: which, page by page, and what to do about all that the filter means. */
export class Skips {
  constructor(name, changed) {
    this.name = name;
    this.changed = changed;
    this.path = `${projection(name)}/skips`;
    this.filter = {};
    this.after = [null];
    this.readOnly = true;
    this.form = new FilterForm((filter) => this.apply(filter));
    this.heading = h('h2', { id: 'skips-title', tabindex: '-1' }, 'Open skip records');
    this.bulk = h('div', { class: 'actions' });
    this.result = h('div', { class: 'result' });
    this.pager = h('nav', { class: 'pager', 'aria-label': 'Pages of skip records' });
    this.element = h('section', { 'aria-labelledby': 'skips-title', id: 'skips' },
      h('div', { class: 'section-head' }, this.heading, this.bulk),
      this.form.element, this.result, this.pager);
    onActions(this.element, {
      'refresh-skips': () => this.load(),
      'next-page': () => this.page(() => this.after.push(this.shown.next)),
      'previous-page': () => this.page(() => this.after.pop()),
      'retry-all': () => this.changeAll('retry'),
      'discard-all': () => this.changeAll('discard'),
    });
  }

  setReadOnly(readOnly) {
    this.readOnly = readOnly;
    this.render();
  }

  /** The counts have changed; whoever has turned pages is left in peace. */
  stale() {
    if (this.after.length === 1) {
      this.load();
    }
  }

  onlyStream(persistenceId) {
    this.form.onlyStream(persistenceId);
    return this.apply(this.form.value());
  }

  apply(filter) {
    this.filter = filter;
    this.after = [null];
    return this.load();
  }

  async page(turn) {
    turn();
    await this.load();
    this.heading.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: 'start' });
  }

  async load() {
    const after = this.after.at(-1);
    const query = [...asQuery(this.filter), ['limit', LIMIT], ...(after === null ? [] : [['after', after]])];
    const asked = JSON.stringify(query);
    this.asked = asked;
    let shown = null;
    let problem = null;
    try {
      shown = await get(this.path, query);
    } catch (failure) {
      problem = failure;
    }
    if (this.asked === asked) {
      this.shown = shown;
      this.problem = problem;
      this.render();
    }
  }

  render() {
    if (this.problem) {
      patch(this.result, problemBox(this.problem));
    } else if (this.shown) {
      patch(this.result, this.shown.skips.length === 0
        ? h('p', { class: 'quiet' }, Object.keys(this.filter).length === 0 ? 'None: every event has been applied.' : 'No open record is so.')
        : table(this.name, this.shown.skips));
    }
    const some = this.shown?.skips.length > 0;
    patch(this.bulk,
      button('refresh-skips', 'Refresh'),
      some && !this.readOnly && button('retry-all', 'Retry by filter …'),
      some && !this.readOnly && button('discard-all', 'Discard by filter …', 'danger'));
    const pages = this.after.length;
    const next = this.shown != null && this.shown.next !== null;
    patch(this.pager, (pages > 1 || next) && [
      h('button', { type: 'button', 'data-action': 'previous-page', disabled: pages === 1 }, 'Previous'),
      h('span', {}, `Page ${pages}`),
      h('button', { type: 'button', 'data-action': 'next-page', disabled: !next }, 'Next')]);
  }

  changeAll(route) {
    const { verb, about, danger } = DEEDS[route];
    const { filter } = this;
    confirmChange({
      title: `${verb} by filter`,
      about: [h('p', {}, `Meant are ${inWords(filter)} of ${this.name}.`), h('p', {}, about)],
      preview: async () => {
        const would = await post(`${this.path}/${route}`, { filter, dryRun: true, reason: 'dry run' });
        return { nodes: preview(would), possible: would.matched > 0 };
      },
      confirm: `${verb} them`,
      danger,
      send: ({ reason, requestedBy, key }) =>
        post(`${this.path}/${route}`, signed({ filter, reason }, requestedBy), { 'Idempotency-Key': key }),
      done: (answer) => this.changed(answer.message),
    });
  }
}

function preview({ matched, byReason: reasons, some, message }) {
  if (matched === 0) {
    return [h('p', {}, plain(message))];
  }
  return [
    h('p', {}, h('strong', {}, `${records(matched)}: `), byReason(reasons)),
    some.length > 0 && h('ul', {}, some.slice(0, 5).map((skip) =>
      h('li', {}, `${skip.id} `, h('bdi', { class: 'stream' }, plain(skip.persistenceId)), ` no. ${skip.sequenceNumber}`)),
    some.length > 5 && h('li', {}, 'and others')),
  ].filter(Boolean);
}

const COLUMNS = ['Record', 'Stream', 'Reason', 'Recorded', 'Attempts', 'Next attempt', 'Error'];

function table(name, skips) {
  return stackedTable({ class: 'stacked skips', 'aria-labelledby': 'skips-title', 'data-key': 'table' }, COLUMNS,
    h('tbody', { role: 'rowgroup' }, skips.map((skip) => row(name, skip))));
}

function row(name, skip) {
  const parked = skip.parkedAt !== null;
  return stackedRow({ 'data-key': skip.id, 'data-skip': skip.id, 'data-parked': String(parked) }, COLUMNS, [
    h('th', { scope: 'row' }, h('a', { href: `#/${name}/skips/${skip.id}`, 'aria-label': `Record ${skip.id}` }, skip.id)),
    h('td', {},
      h('bdi', { class: 'stream', title: plain(skip.persistenceId) }, plain(skip.persistenceId)),
      h('span', { class: 'quiet' }, ` no. ${skip.sequenceNumber}`)),
    h('td', {}, h('span', { class: 'reason', 'data-reason': skip.reason }, skip.reason)),
    h('td', {}, ago(skip.recordedAt)),
    h('td', { class: 'number', 'data-empty': skip.attempts === 0 }, count(skip.attempts)),
    parked
      ? h('td', {}, badge('parked', 'bad'), ' ', ago(skip.parkedAt))
      : h('td', { 'data-empty': skip.nextAttemptAt === null }, skip.nextAttemptAt === null ? '–' : ago(skip.nextAttemptAt)),
    h('td', { 'data-empty': skip.error === '' }, skip.error === '' ? '–' : h('bdi', { class: 'error' }, plain(skip.error))),
  ]);
}
