import { h } from './dom.js';
import { count, duration, percent, perSecond, plain } from './format.js';
import { fact } from './parts.js';
import { ago, now, secondsBetween } from './time.js';
import { PHASES, phaseName, phasesOf, stands, underWay } from './words.js';

/** The newest rebuild of a projection. */
export function rebuildPanel({ name, rebuild, fence }) {
  if (rebuild === null) {
    return [h('h2', {}, 'Rebuild'), h('p', { class: 'quiet' }, 'It has never been rebuilt.')];
  }
  const running = underWay(rebuild);
  const stopped = stands(rebuild);
  const { progress, replayed, eventsToReplay, eventsDeleted, drained, eventsPerSecond, maxEventsPerSecond, stoppedBy, beside } = rebuild;
  return [
    h('div', { class: 'section-head' },
      h('h2', {}, running ? 'Rebuild under way' : stopped ? 'Stopped rebuild' : 'Last rebuild'),
      h('p', { class: 'quiet' },
        `generation ${rebuild.generation}, asked for `, ago(rebuild.requestedAt), ' by ', h('bdi', {}, plain(rebuild.requestedBy)))),
    h('p', { class: 'said' }, h('bdi', {}, plain(rebuild.reason))),
    stopped && h('p', { class: 'callout', 'data-tone': rebuild.phase === 'settle' || beside ? 'warn' : 'bad' },
      h('strong', {}, 'Stopped '), ago(rebuild.stoppedAt), stoppedBy !== null && [' by ', h('bdi', {}, plain(stoppedBy))],
      beside ? '. What serves is untouched; a new rebuild begins from the start.' : rebuild.phase === 'settle'
        ? ' while it was settling. The read model is in use; that nothing is missing was not proven. A verification does that, or a new rebuild.'
        : '. The read model is incomplete; writers go on to record what comes. Only a new rebuild makes it whole again.'),
    rebuild.takesOver && rebuild.stoppedAt !== null && h('p', { class: 'callout' },
      h('strong', {}, 'Stopped '), ago(rebuild.stoppedAt), ' by ', h('bdi', {}, plain(stoppedBy)),
      running ? ' before anything was emptied: the read model stays as it is, and is in use again as soon as all transactions have ended '
        + 'that began before.' : ' before anything was emptied: the read model is as it was.'),
    phases(rebuild),
    h('div', { class: 'replay' },
      h('progress', { value: progress, max: 1, 'aria-label': `Replay of ${name}`, 'data-stopped': stopped }),
      h('b', { 'data-progress': '' }, percent(progress))),
    h('dl', { class: 'facts' },
      fact('Replayed', `${count(replayed)}${eventsToReplay === null ? '' : ` of ${count(eventsToReplay)}`} events`),
      fact('Rate', perSecond(eventsPerSecond)),
      running && fact('Replay left', left(rebuild)),
      fact('Limit', maxEventsPerSecond === null ? 'as configured' : maxEventsPerSecond === 0 ? 'none' : perSecond(maxEventsPerSecond)),
      fact('Drained', `${count(drained)} records`),
      eventsDeleted > 0 && fact('Deleted before', `${count(eventsDeleted)} events, not to be replayed`),
      rebuild.endedAt !== null && fact('Ended', ago(rebuild.endedAt)),
      rebuild.endedAt !== null && fact('Took', duration(secondsBetween(rebuild.requestedAt, rebuild.endedAt)))),
    beside && h('dl', { class: 'facts', 'data-swap': '' },
      fact('Compared', rebuild.comparedAt === null ? 'not yet' : ago(rebuild.comparedAt)),
      rebuild.approvedAt !== null && fact('Approved', ago(rebuild.approvedAt), ' by ', h('bdi', {}, plain(rebuild.approvedBy))),
      fact('Serves', rebuild.swappedAt === null ? 'not yet' : ['since ', ago(rebuild.swappedAt)]),
      rebuild.undoneAt !== null && fact('Undone', ago(rebuild.undoneAt))),
    rebuild.phase === 'settle' && running && !beside && h('p', { class: 'quiet' },
      'It is settling: its read model is in use again.'),
    rebuild.lastError && h('div', { class: 'callout', 'data-tone': 'bad' },
      h('strong', {}, rebuild.blockedAt === null ? 'Last error' : ['Blocked, and tried again by itself; since ', ago(rebuild.blockedAt)]),
      h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Last error of the rebuild' }, plain(rebuild.lastError))),
    fence && fencePanel(fence),
  ];
}

function left({ phase, secondsLeft }) {
  if (phase !== 'fence' && phase !== 'replay') {
    return 'none';
  }
  return secondsLeft === null ? 'can\'t be told yet' : duration(secondsLeft);
}

function phases(rebuild) {
  const names = phasesOf(rebuild);
  const current = names.indexOf(rebuild.phase);
  const over = stands(rebuild) ? 'stopped' : 'current';
  const list = h('ol', { class: names.length > 5 ? 'phases many' : 'phases', 'aria-label': 'Phases' }, names.map((phase, i) => {
    const state = i < current || rebuild.phase === 'done' ? 'past' : i === current ? over : 'to come';
    const step = { 'data-phase': phase, 'data-state': state, 'aria-current': i === current && 'step', title: `It ${PHASES[phase]}` };
    return h('li', step, h('span', {}, phaseName(phase)), h('span', { class: 'unseen' }, `: ${state}`));
  }));
  const joined = current === 0 ? 0 : current === names.length - 1 ? 1 : (current + 0.15) / names.length;
  list.style.setProperty('--joined', `${100 * joined}%`);
  return list;
}

function fencePanel({ xid, takenAt, waitsFor }) {
  return h('div', { class: 'fence' },
    h('h3', { id: 'fence-title' }, 'Whom the fence waits for'),
    h('p', { class: 'quiet' }, `Transaction ${xid}`, takenAt !== null && [', taken ', ago(takenAt)],
      '. It passes when all transactions that may act on the status before it have ended; nobody is blocked meanwhile.'),
    waitsFor.length === 0 ? h('p', {}, 'It has passed.') : holders(waitsFor));
}

/** What the database's user may not see of another's session is null. */
function timeCell(time, shown) {
  return h('td', { class: 'number', title: time ?? 'not visible to the database user' }, time === null ? '–' : shown(time));
}

const COLUMNS = ['Who', 'Application', 'User', 'Database', 'State', 'Age', 'Query began'];

function holders(waitsFor) {
  return h('div', { class: 'scroller', tabindex: '0', role: 'region', 'aria-labelledby': 'fence-title' },
    h('table', { class: 'holders' },
      h('thead', {}, h('tr', {}, COLUMNS.map((column) => h('th', { scope: 'col' }, column)))),
      h('tbody', {}, waitsFor.map((holder) => h('tr', { 'data-holder': plain(holder.who) },
        h('th', { scope: 'row' }, h('bdi', {}, plain(holder.who))),
        [holder.application, holder.user, holder.database, holder.state].map((text) => h('td', {}, h('bdi', {}, plain(text)))),
        timeCell(holder.since, (since) => duration((now() - Date.parse(since)) / 1000)),
        timeCell(holder.queryStart, ago))))));
}
