import { h } from './dom.js';
import { plain } from './format.js';
import { REASONS } from './words.js';

const UNITS = { minutes: ['PT', 'M'], hours: ['PT', 'H'], days: ['P', 'D'] };

/** The form that says which skip records are meant; changed(filter) is called with a SkipFilter of the API. */
export class FilterForm {
  constructor(changed) {
    this.reasons = Object.keys(REASONS).map((reason) => h('input', { type: 'checkbox', name: 'reason', value: reason }));
    this.parked = h('select', { id: 'filter-parked' },
      h('option', { value: '' }, 'parked or not'),
      h('option', { value: 'true' }, 'parked'), h('option', { value: 'false' }, 'not parked'));
    this.stream = h('input', { id: 'filter-stream', type: 'search', autocomplete: 'off', spellcheck: 'false', placeholder: 'persistence id' });
    this.age = h('input', { id: 'filter-age', type: 'number', min: 1, max: 100000, step: 1, inputmode: 'numeric' });
    this.unit = h('select', { id: 'filter-unit', 'aria-label': 'Unit of the age' },
      Object.keys(UNITS).map((unit) => h('option', { value: unit }, unit)));
    this.element = h('form', { class: 'filter', role: 'search', 'aria-label': 'Skip records' },
      h('fieldset', {}, h('legend', {}, 'Reason'), this.reasons.map((box, i) =>
        h('label', { class: 'choice', title: `Recorded because ${REASONS[box.value]}` }, box, ` ${Object.keys(REASONS)[i]}`))),
      h('label', { for: 'filter-parked' }, 'State', this.parked),
      h('label', { for: 'filter-stream' }, 'Stream', this.stream),
      h('div', { class: 'age' }, h('label', { for: 'filter-age' }, 'Older than', this.age), this.unit),
      h('div', { class: 'buttons' },
        h('button', { type: 'submit', 'data-action': 'apply-filter' }, 'Apply filter'),
        h('button', { type: 'reset', 'data-action': 'clear-filter' }, 'Clear')));
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      changed(this.value());
    });
    this.element.addEventListener('change', () => this.element.checkValidity() && changed(this.value()));
    this.element.addEventListener('reset', () => setTimeout(() => changed(this.value())));
  }

  onlyStream(persistenceId) {
    this.element.reset();
    this.stream.value = persistenceId;
  }

  value() {
    const reasons = this.reasons.filter(({ checked }) => checked).map(({ value }) => value);
    const [before, after] = UNITS[this.unit.value];
    return {
      ...(reasons.length > 0 && { reasons }),
      ...(this.parked.value && { parked: this.parked.value === 'true' }),
      ...(this.stream.value && { stream: this.stream.value }),
      ...(this.age.value && { olderThan: before + this.age.value + after }),
    };
  }
}

/** The filter as parameters of a query. */
export function asQuery({ reasons = [], ...rest }) {
  return [...reasons.map((reason) => ['reason', reason]), ...Object.entries(rest).map(([name, value]) => [name, String(value)])];
}

/** The filter in words. */
export function inWords({ reasons, parked, stream, olderThan }) {
  const words = [
    parked !== undefined && (parked ? 'parked' : 'not parked'),
    reasons && `recorded as ${reasons.join(' or ')}`,
    stream && `of stream ${plain(stream)}`,
    olderThan && `on record for ${age(olderThan)} or longer`,
  ].filter(Boolean);
  return words.length === 0 ? 'all open records' : `records that are ${words.join(', ')}`;
}

function age(duration) {
  const amount = duration.match(/\d+/)[0];
  const [unit] = Object.entries(UNITS).find(([, [before, after]]) => duration === before + amount + after);
  return `${amount} ${amount === '1' ? unit.slice(0, -1) : unit}`;
}
