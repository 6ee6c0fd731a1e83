import uPlot from './uplot/uPlot.esm.js';
import { h } from './dom.js';
import { answered, perSecond } from './format.js';
import { clock } from './time.js';
import { MEASURES } from './rates.js';

const TITLES = {
  appended: 'Appended',
  recorded: 'Recorded',
  recovered: 'Recovered',
  replayed: 'Replayed',
};
const HEIGHT = 116;
const SPAN = 600;
const SPOKEN_EVERY = 60000;

/** A chart for each measure, each with its figures as text. */
export class Charts {
  constructor(rates) {
    this.rates = rates;
    this.spokenAt = 0;
    this.nodes = h('p', { class: 'quiet', id: 'rates-nodes' });
    this.spoken = h('p', { class: 'unseen', 'aria-live': 'polite', id: 'rates-summary' });
    this.cards = MEASURES.map((measure) => new Card(measure, rates));
    this.element = h('section', { 'aria-labelledby': 'rates-title' },
      h('div', { class: 'section-head' }, h('h2', { id: 'rates-title' }, 'Events a second'), this.nodes),
      h('div', { class: 'charts' }, this.cards.map((card) => card.element)),
      this.spoken);
    this.theme = matchMedia('(prefers-color-scheme: dark)');
    this.redraw = () => this.cards.forEach((card) => card.begin());
    this.theme.addEventListener('change', this.redraw);
  }

  /** Once the element is on the page. */
  begin() {
    this.redraw();
    this.update();
  }

  update() {
    const { nodes } = this.rates;
    this.nodes.textContent = nodes === 0
      ? 'No node has told its totals yet.'
      : `Of ${answered(nodes)}, while this page is open: 10 minutes at the most.`;
    this.cards.forEach((card) => card.update());
    if (Date.now() - this.spokenAt > SPOKEN_EVERY && this.rates.now('appended') !== null) {
      this.spokenAt = Date.now();
      this.spoken.textContent = MEASURES.map((measure) => `${TITLES[measure]} ${perSecond(this.rates.now(measure) ?? 0)}`).join(', ');
    }
  }

  close() {
    this.theme.removeEventListener('change', this.redraw);
    this.cards.forEach((card) => card.close());
  }
}

class Card {
  constructor(measure, rates) {
    this.measure = measure;
    this.rates = rates;
    this.value = h('b', { class: 'figure', 'data-rate': measure });
    this.figures = h('p', { class: 'quiet', id: `figures-${measure}` });
    this.canvas = h('div', {
      class: 'canvas', role: 'img', 'aria-label': `${TITLES[measure]} events a second over time`, 'aria-describedby': `figures-${measure}`,
    });
    this.element = h('figure', { class: 'card chart' },
      h('figcaption', {}, h('h3', {}, TITLES[measure]), this.value), this.canvas, this.figures);
    this.resized = new ResizeObserver(() => this.plot?.setSize({ width: this.canvas.clientWidth, height: HEIGHT }));
  }

  begin() {
    this.plot?.destroy();
    const colors = getComputedStyle(document.documentElement);
    const color = (name) => colors.getPropertyValue(name).trim();
    const axis = { stroke: color('--quiet'), font: '11px system-ui', grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } };
    this.plot = new uPlot({
      width: this.canvas.clientWidth,
      height: HEIGHT,
      padding: [8, 24, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'rates' }, points: { size: 6 } },
      scales: {
        x: { range: (plot, min, max) => [Math.max(min, max - SPAN), Math.max(max, min + 60)] },
        y: { range: (plot, min, max) => [0, Math.max(1, max * 1.15)] },
      },
      axes: [
        { ...axis, size: 28, gap: 9, space: 64, values: (plot, splits) => splits.map((at) => clock(at * 1000)) },
        { ...axis, size: 42, gap: 4, space: 32, values: (plot, splits) => splits.map(short) },
      ],
      series: [
        {},
        { stroke: color('--seam'), width: 2, fill: color('--seam-faint'), points: { show: false } },
      ],
      hooks: { setCursor: [() => this.figure()] },
    }, this.data(), this.canvas);
    this.resized.observe(this.canvas);
  }

  data() {
    return [this.rates.times, this.rates.series[this.measure]];
  }

  update() {
    this.plot?.setData(this.data());
    const summary = this.rates.summary(this.measure);
    const reasons = this.measure === 'recorded'
      ? Object.entries(this.rates.byReason).filter(([, rate]) => rate > 0).map(([reason, rate]) => `${reason} ${perSecond(rate)}`)
      : [];
    this.figures.textContent = summary === null
      ? 'Not known yet'
      : [`mean ${perSecond(summary.mean)}`, `peak ${perSecond(summary.peak)}`, ...reasons].join(' · ');
    this.figure();
  }

  /** The rate under the pointer, or else the newest. */
  figure() {
    const index = this.plot?.cursor.idx ?? null;
    const rate = index === null ? this.rates.now(this.measure) : this.rates.series[this.measure][index];
    this.value.textContent = rate == null ? '–' : perSecond(rate);
  }

  close() {
    this.resized.disconnect();
    this.plot?.destroy();
  }
}

function short(value) {
  return value >= 1000000 ? `${value / 1000000} M` : value >= 1000 ? `${value / 1000} k` : String(value);
}
