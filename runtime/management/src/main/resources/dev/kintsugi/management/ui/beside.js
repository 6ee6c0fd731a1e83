import { get } from './api.js';
import { h, onActions, patch } from './dom.js';
import { count, plain } from './format.js';
import { badge, button, fact, side } from './parts.js';
import { problemBox } from './problem.js';
import { at } from './time.js';
import { isHeld, PHASES, phaseName, stands } from './words.js';

/**
 * The generations beside the one that serves: one that is built, with what its comparison found and who has to approve it, and one
 * that is kept so that the swap can be undone.
 */
export class Beside {
  constructor(path, handlers) {
    this.path = path;
    this.element = h('section', { class: 'card', 'aria-label': 'Generations beside the one that serves', id: 'beside' });
    onActions(this.element, { ...handlers, 'changed-rows': () => this.show(true), 'no-changed-rows': () => this.show(false) });
  }

  /** How the projection stands has been read anew; what was compared is read once. */
  async update(current, readOnly) {
    this.current = current;
    this.readOnly = readOnly;
    const { rebuild, beside } = current;
    const compared = beside.length > 0 && rebuild?.beside && rebuild.comparedAt !== null ? `${rebuild.generation} ${rebuild.comparedAt}` : null;
    if (this.compared !== compared) {
      this.compared = compared;
      this.comparison = null;
      this.problem = null;
      if (compared !== null) {
        await this.read(rebuild.generation, compared);
      }
    }
    this.render();
  }

  show(rows) {
    this.rows = rows;
    this.render();
  }

  async read(generation, compared) {
    try {
      const comparison = await get(`${this.path}/rebuilds/${generation}/comparison`);
      if (this.compared === compared) {
        this.comparison = comparison;
      }
    } catch (problem) {
      this.problem = problem;
      this.compared = undefined;
    }
  }

  render() {
    const { rebuild, beside } = this.current;
    patch(this.element, beside.map((generation) => panel(generation, rebuild, this.readOnly)),
      this.problem && problemBox(this.problem), this.comparison && comparisonPanel(this.comparison, this.rows));
  }
}

function panel({ generation, version, place, phase, kept, keptUntil, open, parked, lag }, rebuild, readOnly) {
  const builds = !kept && rebuild?.generation === generation;
  const held = builds && isHeld(rebuild);
  return h('div', { class: 'generation', 'data-key': String(generation), 'data-beside': String(generation) },
    h('div', { class: 'section-head' },
      h('h2', {}, kept ? `Generation ${generation} is kept` : `New generation ${generation}`),
      kept ? badge('kept', 'good', 'Every append is applied to it, too')
        : builds && stands(rebuild) ? badge('stopped', 'bad', 'What serves is untouched')
          : phase !== null && badge(held ? 'waits for approval' : phaseName(phase), held ? 'warn' : 'work', `It ${PHASES[phase]}`)),
    kept && h('p', { class: 'said', 'data-kept': '' }, 'The swap can be undone, exactly and at once, until it is retired ', at(keptUntil), '.'),
    held && h('p', { class: 'callout', 'data-tone': 'warn', 'data-held': '' },
      h('strong', {}, 'It waits for somebody: '), h('bdi', {}, plain(rebuild.heldFor))),
    h('dl', { class: 'facts' },
      fact('Version', String(version)),
      fact('Place', place === null ? 'the tables themselves' : h('bdi', {}, plain(place))),
      lag !== null && fact('Events to come', lag === 0 ? 'none' : `up to ${count(lag)}`),
      fact('Open records', count(open)),
      parked > 0 && fact('Parked', count(parked))),
    !readOnly && h('div', { class: 'buttons' },
      held && [button('approve', 'Approve', 'primary'), button('reject', 'Reject', 'danger')],
      kept && [button('undo', 'Undo the swap'), button('retire-replaced', 'Retire it', 'danger')]));
}

function comparisonPanel({ generation, same, tables }, rows) {
  return h('div', { class: 'fence', 'data-comparison': same ? 'same' : 'different' },
    h('h3', {}, `Generation ${generation} against the one that served when it was compared`),
    same ? h('p', {}, 'Both are the same in every row.') : tables.map((table) => tableOf(table, rows)),
    tables.some(({ examples }) => examples.length > 0) && h('div', { class: 'buttons' },
      rows ? button('no-changed-rows', 'Hide rows') : button('changed-rows', 'Show rows that differ')));
}

function tableOf(table, rows) {
  return h('div', { 'data-key': table.table, 'data-table': plain(table.table) },
    h('p', { class: 'found' }, h('b', {}, h('bdi', {}, plain(table.table))), ': ', found(table)),
    columns('Differ', Object.entries(table.differingByColumn).map(([column, rows]) => `${column} (${count(rows)})`)),
    columns('Columns gone', table.columnsOnlyOlder),
    columns('Columns new', table.columnsOnlyNewer),
    !table.byKey && h('p', { class: 'quiet' }, 'It has no primary key to tell rows by: one that has changed counts as one gone and one new.'),
    rows && table.examples.length > 0 && h('ol', { class: 'history' }, table.examples.map(({ key, older, newer }) => h('li', { 'data-row': plain(key) },
        h('p', {}, h('b', {}, h('bdi', {}, plain(key)))),
        h('div', { class: 'sides' },
          side('As it was served', older, 'There was no such row.'),
          side('As it is built', newer, 'There is no such row any more.'))))));
}

function found({ same, equal, differing, onlyOlder, onlyNewer, tableOnlyOlder, tableOnlyNewer }) {
  if (tableOnlyOlder || tableOnlyNewer) {
    return h('span', { class: 'tone', 'data-tone': 'warn' }, tableOnlyOlder ? 'the table is gone' : 'the table is new');
  }
  return same ? `all ${count(equal)} rows are the same` : h('span', { class: 'tone', 'data-tone': 'warn' },
    `${count(equal)} rows are the same, ${count(differing)} differ, ${count(onlyOlder)} are gone, ${count(onlyNewer)} are new`);
}

function columns(label, names) {
  return names.length > 0 && h('p', { class: 'quiet' }, `${label}: `, h('bdi', {}, plain(names.join(', '))));
}
