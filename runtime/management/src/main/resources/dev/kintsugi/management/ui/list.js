import { Charts } from './charts.js';
import { h, patch } from './dom.js';
import { count, duration, percent } from './format.js';
import { stackedRow, stackedTable } from './parts.js';
import { byReason, deletions, isBuilt, standing } from './words.js';

const ATTENTION = 2;

const ORDERS = {
  attention: ['Those that need attention first', (one, other) => urgency(other) - urgency(one)],
  name: ['Name', () => 0],
  open: ['Most open records', (one, other) => other.open - one.open],
  oldest: ['Oldest record', (one, other) => (other.oldestSeconds ?? -1) - (one.oldestSeconds ?? -1)],
};

const COLUMNS = ['Projection', 'Status', 'Replayed', 'Open', 'Parked', 'By reason', 'Oldest record', 'Generation', 'Node'];

// How the list was looked at last, for whoever comes back to it.
const last = { filter: '', order: 'attention' };

/** All projections, and what the cluster does just now. */
export class ListView {
  title = 'Projections';

  constructor(main, rates) {
    this.charts = new Charts(rates);
    this.heading = h('h1', { tabindex: '-1' }, this.title);
    this.tiles = h('dl', { class: 'tiles' });
    this.deletions = h('div', {});
    this.filter = h('input', { type: 'search', id: 'filter', autocomplete: 'off', spellcheck: 'false', placeholder: 'a part of its name' });
    this.order = h('select', { id: 'order' }, Object.entries(ORDERS).map(([value, [label]]) => h('option', { value }, label)));
    this.filter.value = last.filter;
    this.order.value = last.order;
    this.shown = h('p', { class: 'quiet', id: 'shown' });
    this.rows = h('tbody', { role: 'rowgroup' });
    const table = stackedTable({ class: 'stacked projections', 'aria-labelledby': 'all-title' }, COLUMNS, this.rows);
    main.replaceChildren(
      this.heading, this.tiles, this.deletions, this.charts.element,
      h('section', { 'aria-labelledby': 'all-title' },
        h('div', { class: 'section-head' },
          h('h2', { id: 'all-title' }, 'All projections'),
          this.shown,
          h('div', { class: 'controls', role: 'search' },
            h('label', {}, 'Filter ', this.filter),
            h('label', {}, 'Order ', this.order))),
        table));
    this.filter.addEventListener('input', () => this.render());
    this.order.addEventListener('change', () => this.render());
    this.charts.begin();
  }

  update(list) {
    this.list = list;
    this.render();
    this.charts.update();
  }

  tick() {
    this.charts.update();
  }

  close() {
    this.charts.close();
  }

  render() {
    if (!this.list) {
      return;
    }
    Object.assign(last, { filter: this.filter.value, order: this.order.value });
    const all = this.list.projections;
    const wanted = this.filter.value.trim().toLowerCase();
    const [, compare] = ORDERS[this.order.value];
    const shown = all.filter(({ name }) => name.includes(wanted))
      .sort((one, other) => compare(one, other) || one.name.localeCompare(other.name));
    patch(this.tiles, tiles(all));
    patch(this.deletions, deletions(this.list.waitingDeletions, 'projections still need them'));
    patch(this.rows, shown.length > 0 ? shown.map(row)
      : h('tr', { role: 'row' }, h('td', { role: 'cell', colspan: COLUMNS.length, class: 'quiet' },
        all.length === 0 ? 'The database knows no projection yet.' : 'No projection has that in its name.')));
    const text = shown.length === all.length ? `${count(all.length)}` : `${count(shown.length)} of ${count(all.length)}`;
    if (this.shown.textContent !== text) {
      this.shown.textContent = text;
    }
  }
}

function tiles(all) {
  const sum = (value) => all.reduce((total, projection) => total + value(projection), 0);
  const ages = all.map(({ oldestSeconds }) => oldestSeconds).filter((age) => age !== null);
  const attention = all.filter((projection) => urgency(projection) >= ATTENTION).length;
  const parked = sum((projection) => projection.parked);
  return [
    tile('Projections', count(all.length)),
    tile('Need attention', count(attention), attention > 0 && 'bad'),
    tile('Rebuilding', count(all.filter((projection) => (!isBuilt(projection) || projection.newGeneration !== null) && !projection.stopped).length)),
    tile('Open records', count(sum((projection) => projection.open))),
    tile('Parked records', count(parked), parked > 0 && 'bad'),
    tile('Oldest record', ages.length === 0 ? '–' : duration(Math.max(...ages))),
  ];
}

function tile(term, figure, tone) {
  return h('div', { class: 'tile', 'data-tone': tone }, h('dt', {}, term), h('dd', {}, figure));
}

function row(projection) {
  const { name, phase, stopped, progress, generation, node, open, parked, oldestSeconds } = projection;
  const replaying = phase === 'replay' || phase === 'fence';
  return stackedRow({ 'data-key': name, 'data-projection': name }, COLUMNS, [
    h('th', { scope: 'row' }, h('a', { href: `#/${name}` }, name)),
    h('td', {}, h('span', { class: 'badges' }, standing({ ...projection, parked: 0 }))),
    h('td', { 'data-empty': !replaying }, replaying
      ? h('span', { class: 'meter' },
        h('progress', { value: progress, max: 1, 'aria-label': `Replay of ${name}`, 'data-stopped': stopped }),
        h('span', {}, percent(progress)))
      : '–'),
    h('td', { class: 'number', 'data-empty': open === 0 }, count(open)),
    h('td', { class: 'number', 'data-empty': parked === 0, 'data-tone': parked > 0 && 'bad' }, count(parked)),
    h('td', { 'data-empty': open === 0 }, byReason(projection.byReason)),
    h('td', { class: 'number', 'data-empty': oldestSeconds === null }, oldestSeconds === null ? '–' : duration(oldestSeconds)),
    h('td', { class: 'number' }, String(generation)),
    h('td', { class: 'node' }, node === null
      ? h('span', { class: 'tone', 'data-tone': 'warn' }, 'none just now')
      : h('span', { title: node }, node.replace(/^.*@/, ''))),
  ]);
}

/** The more it wants somebody, the higher. */
function urgency({ stopped, blocked, unhandled, parked, node, byReason: reasons, paused, status, phase, newGeneration, heldFor }) {
  const rebuilding = !isBuilt({ status, phase, newGeneration });
  return (stopped && rebuilding) || blocked !== null || unhandled !== null ? 6 : parked > 0 ? 5 : node === null ? 4 : reasons.FAILED > 0 || heldFor !== null || (stopped && newGeneration !== null) ? 3 : paused ? ATTENTION : rebuilding ? 1 : 0;
}
