import { h } from './dom.js';
import { plain } from './format.js';
import { indented } from './json.js';

/** A button that is told apart by what it does. */
export function button(action, label, kind) {
  return h('button', { type: 'button', class: kind, 'data-action': action, 'data-key': action }, label);
}

export function badge(text, tone, title) {
  return h('span', { class: 'badge', 'data-tone': tone, title }, text);
}

/** A term and its value in a list of facts. */
export function fact(term, ...value) {
  return h('div', {}, h('dt', {}, term), h('dd', {}, ...value));
}

/** A row as JSON under its label, or the words for there being none. */
export function side(label, row, none) {
  return row === null ? h('p', { class: 'quiet' }, none) : h('div', {},
    h('p', { class: 'quiet' }, label),
    h('pre', { tabindex: '0', role: 'region', 'aria-label': label }, plain(indented(row) ?? row)));
}

/**
 * A table that becomes a stack of cards where there is little room. Its roles are written out because a browser that lays a table
 * out as something else may no longer say that it is one.
 */
export function stackedTable(attributes, columns, body) {
  return h('table', { role: 'table', ...attributes },
    h('thead', { role: 'rowgroup' },
      h('tr', { role: 'row' }, columns.map((column) => h('th', { scope: 'col', role: 'columnheader' }, column)))),
    body);
}

export function stackedRow(attributes, columns, [head, ...cells]) {
  head.setAttribute('role', 'rowheader');
  cells.forEach((cell, i) => {
    cell.setAttribute('role', 'cell');
    cell.setAttribute('data-label', columns[i + 1]);
  });
  return h('tr', { role: 'row', ...attributes }, head, cells);
}
