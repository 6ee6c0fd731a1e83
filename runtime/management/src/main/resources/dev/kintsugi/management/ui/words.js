import { h } from './dom.js';
import { count, plain } from './format.js';
import { badge } from './parts.js';

export const REASONS = {
  REBUILDING: 'it was being rebuilt',
  PAUSED: 'it was paused',
  FAILED: 'its handler failed',
  BEHIND: 'an earlier record of the same stream is open',
  NO_HANDLER: 'the node that wrote the event had no handler for it',
};

export const PHASES = {
  fence: 'waits until no transaction can act on the old status any more',
  takeover: 'waits for the same, and then takes the read model over as it is',
  replay: 'applies history',
  follow: 'follows the journal until little is left',
  catch_up: 'has writers record for it, and waits until no transaction can act on the status before',
  drain: 'applies what writers recorded meanwhile',
  settle: 'applies the rest beside writers that apply again',
  compare: 'is compared with the one that serves',
  swap: 'serves as soon as it may, and no reader is in the way',
  done: 'is proven and at an end',
};

/** Whether a rebuild is at work. */
export function underWay(rebuild) {
  return rebuild !== null && rebuild.endedAt === null && !stands(rebuild) && rebuild.phase !== 'done';
}

/** Whether a rebuild was stopped where it stands; one that takes over what was active goes on to that. */
export function stands(rebuild) {
  return rebuild !== null && rebuild.stoppedAt !== null && !rebuild.takesOver;
}

/** Of a projection's newest rebuild: the generation that it builds beside the one that serves, and why that is held. */
export function besideOf(rebuild) {
  return {
    newGeneration: rebuild !== null && rebuild.beside && rebuild.phase !== 'done' ? rebuild.generation : null,
    heldFor: isHeld(rebuild) ? rebuild.heldFor : null,
  };
}

const BESIDE = ['follow', 'catch_up', 'compare', 'swap'];

/** The phases of a rebuild, in order. */
export function phasesOf({ takesOver, beside }) {
  return Object.keys(PHASES).filter((phase) => (beside || !BESIDE.includes(phase))
    && (takesOver ? phase !== 'fence' && phase !== 'replay' : phase !== 'takeover'));
}

export function phaseName(phase) {
  return phase.replace('_', ' ');
}

/** Whether a new generation waits for somebody to approve that it serves. */
export function isHeld(rebuild) {
  return rebuild !== null && rebuild.phase === 'swap' && rebuild.heldFor !== null && rebuild.approvedAt === null;
}

/** Events that the application has deleted and that are needed still; null if there are none. */
export function deletions({ events, streams, someStreams }, needed) {
  return events > 0 && h('p', { class: 'callout', 'data-tone': 'warn', 'data-deletions': '' },
    `${count(events)} ${events === 1 ? 'event waits' : 'events wait'} to be deleted, as ${needed}: of `,
    someStreams.map((stream, i) => [i > 0 && ', ', h('bdi', { class: 'stream' }, plain(stream))]),
    streams > someStreams.length && ` and ${count(streams - someStreams.length)} streams more`, '.');
}

/** How many records there are for each reason; the reasons' order is always the same. */
export function byReason(counts) {
  const known = Object.keys(REASONS).filter((reason) => counts[reason] > 0);
  return known.length === 0 ? h('span', { class: 'quiet' }, '–') : h('span', { class: 'reasons' }, known.map((reason) =>
    h('span', { class: 'reason', 'data-reason': reason, title: `Recorded because ${REASONS[reason]}` },
      reason, ' ', h('b', {}, count(counts[reason])))));
}

/** Whether its read model is in use; one that follows has its status from the outset, and what is built beside it is another one. */
export function isBuilt({ status, phase, newGeneration }) {
  return status === 'active' || (status === 'following' && (phase === 'settle' || phase === 'done' || newGeneration !== null));
}

/** The badges that say how a projection stands; of a list's entry and of a projection alike. */
export function standing({ status, paused, stopped, blocked, unhandled, phase: newest, parked, newGeneration, heldFor }) {
  const rebuilding = !isBuilt({ status, phase: newest, newGeneration });
  const beside = newGeneration !== null;
  const phase = beside ? null : newest;
  return [
    stopped && rebuilding
      ? badge('stopped', 'bad', 'Its rebuild was stopped: the read model is incomplete')
      : rebuilding
        ? badge(phase && phase !== 'done' ? `rebuilding: ${phase}` : 'rebuilding', 'work')
        : badge(phase === 'settle' && !stopped ? `${status}: settling` : status, phase === 'settle' && !stopped ? 'work' : 'good'),
    beside && (stopped ? badge(`generation ${newGeneration}: stopped`, 'bad', 'What serves is untouched')
      : heldFor !== null ? badge(`generation ${newGeneration} waits for approval`, 'warn', heldFor)
        : badge(`generation ${newGeneration}: ${phaseName(newest)}`, 'work', 'Built beside the one that serves')),
    stopped && !rebuilding && !beside && badge('not proven', 'warn', 'Its rebuild was stopped while it was settling: the read model is in use'),
    blocked && badge('blocked', 'bad', `Its rebuild's next step fails, and is tried again: ${blocked}`),
    unhandled && badge('no node has it', 'bad', unhandled),
    paused && badge('paused', 'warn', status === 'following'
      ? 'It stands still, and recovery and rebuild rest' : 'Writers record what comes; recovery and rebuild rest'),
    parked > 0 && badge('parked records', 'bad', 'Records that failed for good wait for a decision'),
  ];
}
