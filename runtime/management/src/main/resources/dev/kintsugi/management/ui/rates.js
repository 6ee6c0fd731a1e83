export const MEASURES = ['appended', 'recorded', 'recovered', 'replayed'];

const SPAN = 600;
const QUIET = 5;

/**
 * Rates from totals. Totals belong to the nodes that answered: when other nodes are in them than before, or one fell because a node
 * began anew, they can't be compared, and there is a gap instead of a false peak.
 */
export class Rates {
  constructor() {
    this.times = [];
    this.series = Object.fromEntries(MEASURES.map((measure) => [measure, []]));
    this.nodes = 0;
    this.byReason = {};
    this.lost();
  }

  /** Totals at a time in seconds. */
  add(time, totals) {
    const current = { time, totals, values: values(totals) };
    const before = this.last;
    this.nodes = totals.nodes;
    if (this.first || (before && time <= before.time)) {
      this.first = false;
      return;
    }
    this.last = current;
    const comparable = before
      && before.totals.nodes === totals.nodes
      && MEASURES.every((measure) => current.values[measure] >= before.values[measure]);
    const rate = (now, then) => comparable ? (now - then) / (time - before.time) : null;
    this.times.push(time);
    MEASURES.forEach((measure) => this.series[measure].push(rate(current.values[measure], before?.values[measure])));
    this.byReason = Object.fromEntries(Object.entries(comparable ? totals.recorded : {})
      .map(([reason, total]) => [reason, rate(total, before.totals.recorded[reason] ?? 0)]));
    this.forget(time - SPAN);
  }

  /** The stream only speaks when something has changed: while it is silent, nothing happens. */
  silent(time) {
    if (this.last && time - this.last.time > QUIET) {
      this.add(time, this.last.totals);
    }
  }

  /**
   * What happened while nobody listened has no place in time; nor has what is in the first totals, which come at once and may be
   * older than they say.
   */
  lost() {
    this.last = null;
    this.first = true;
  }

  now(measure) {
    return this.series[measure].at(-1) ?? null;
  }

  /** Of the time on show; gaps don't count. */
  summary(measure) {
    const known = this.series[measure].filter((value) => value !== null);
    return known.length === 0 ? null : {
      mean: known.reduce((sum, value) => sum + value, 0) / known.length,
      peak: Math.max(...known),
    };
  }

  forget(before) {
    const keep = this.times.findIndex((time) => time >= before);
    this.times.splice(0, keep);
    MEASURES.forEach((measure) => this.series[measure].splice(0, keep));
  }
}

function values(totals) {
  const recorded = Object.values(totals.recorded).reduce((sum, total) => sum + total, 0);
  return { appended: totals.appended, recorded, recovered: totals.recovered, replayed: totals.replayed };
}
