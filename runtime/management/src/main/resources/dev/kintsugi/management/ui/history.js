import { h } from './dom.js';
import { count, duration, plain, records } from './format.js';
import { ago, secondsBetween } from './time.js';

/** The rebuilds, their phases drawn to one scale: the longest fills the width. */
export function rebuildHistory(rebuilds) {
  if (rebuilds.length === 0) {
    return h('p', { class: 'quiet' }, 'It has never been rebuilt.');
  }
  const longest = Math.max(...rebuilds.map((rebuild) => total(spans(rebuild))), 0.001);
  return h('ol', { class: 'history' }, rebuilds.map((rebuild) => entry(rebuild, longest)));
}

/** Phases that have begun, with their seconds. */
function spans(rebuild) {
  const end = rebuild.endedAt ?? rebuild.stoppedAt ?? rebuild.readAt;
  const begins = [['fence', rebuild.requestedAt], ['replay', rebuild.replayAt], ['drain', rebuild.drainAt], ['settle', rebuild.settleAt],
    ['swap', rebuild.comparedAt]]
    .filter(([, begin]) => begin !== null);
  return begins.map(([phase, begin], i) => ({ phase, seconds: secondsBetween(begin, begins[i + 1]?.[1] ?? end) }));
}

function total(phases) {
  return phases.reduce((sum, { seconds }) => sum + seconds, 0);
}

function entry(rebuild, longest) {
  const phases = spans(rebuild);
  const bar = h('div', { class: 'bar', 'aria-hidden': 'true' }, phases.map(({ phase, seconds }) => {
    const segment = h('span', { 'data-phase': phase, title: `${phase} ${duration(seconds)}` });
    // In milliseconds: where all of them together are less than 1, they would not fill the bar.
    segment.style.flexGrow = String(seconds * 1000);
    return segment;
  }));
  bar.style.width = `${Math.max(1, 100 * total(phases) / longest)}%`;
  const outcome = rebuild.stoppedAt !== null ? ['stopped', 'bad'] : rebuild.undoneAt !== null ? ['undone', 'warn'] : rebuild.endedAt !== null ? ['done', 'good'] : ['under way', 'work'];
  return h('li', { 'data-key': String(rebuild.generation), 'data-rebuild': String(rebuild.generation) },
    h('p', {},
      h('b', {}, `Generation ${rebuild.generation}`), ' ',
      h('span', { class: 'badge', 'data-tone': outcome[1] }, outcome[0],
        rebuild.stoppedBy !== null && [' by ', h('bdi', {}, plain(rebuild.stoppedBy))]), ' ',
      ago(rebuild.requestedAt), ' by ', h('bdi', {}, plain(rebuild.requestedBy)), ': ', h('bdi', {}, plain(rebuild.reason))),
    bar,
    h('p', { class: 'spans' },
      phases.map(({ phase, seconds }) => h('span', { 'data-phase': phase }, `${phase} ${duration(seconds)}`)),
      h('span', {}, `in all ${duration(total(phases))}`),
      h('span', {}, `replayed ${count(rebuild.replayed)}, drained ${count(rebuild.drained)}`)),
    rebuild.lastError && h('p', { class: 'tone', 'data-tone': 'bad' }, h('bdi', {}, plain(rebuild.lastError.split('\n')[0]))));
}

const DEEDS = {
  PAUSE: 'Paused', RESUME: 'Resumed', RETRY: 'Retried', DISCARD: 'Discarded', LIMIT: 'Limited rate', STOP: 'Stopped rebuild',
  RETIRE: 'Retired', RENAME: 'Renamed', APPROVE: 'Approved', UNDO: 'Undo',
};

/** What people did. */
export function operationHistory(operations) {
  if (operations.length === 0) {
    return h('p', { class: 'quiet' }, 'Nobody has done anything yet.');
  }
  return h('ol', { class: 'history' }, operations.map((operation) =>
    h('li', { 'data-key': String(operation.id), 'data-operation': operation.kind },
      h('p', {}, h('b', {}, DEEDS[operation.kind] ?? operation.kind), ' ',
        operation.about && [h('bdi', {}, plain(operation.about)), ' '],
        operation.records > 0 && h('span', { class: 'quiet' }, `(${records(operation.records)}) `),
        ago(operation.at), ' by ', h('bdi', {}, plain(operation.requestedBy)), ': ', h('bdi', {}, plain(operation.reason))))));
}
