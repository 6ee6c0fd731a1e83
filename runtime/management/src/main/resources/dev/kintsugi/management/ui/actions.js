import { post, projection, remove, signed } from './api.js';
import { confirmChange } from './change.js';
import { h } from './dom.js';
import { button } from './parts.js';
import { isOpen } from './verification.js';
import { besideOf, isBuilt, isHeld, underWay } from './words.js';

const UNTOUCHED = 'It is built beside the one that serves, which stays as it is. The new one is stopped, and its tables are dropped.';

/** The buttons for what can be done about a projection as it stands, and its last verification. */
export function buttons({ status, paused, rebuild }, verification) {
  const running = underWay(rebuild);
  const built = isBuilt({ status, phase: rebuild?.phase, ...besideOf(rebuild) });
  return [
    !running && button('rebuild', 'Rebuild', 'primary'),
    running && !isHeld(rebuild) && (!rebuild.takesOver || rebuild.phase === 'settle') && button('stop', 'Stop rebuild', 'danger'),
    running && button('rate', 'Limit rate'),
    isOpen(verification) && button('stop-verification', 'Stop verification', 'danger'),
    !isOpen(verification) && built && button('verify', 'Verify'),
    paused ? button('resume', 'Resume', 'primary') : button('pause', 'Pause'),
    !running && built && button('rename', 'Rename'),
    button('retire', 'Retire', 'danger'),
  ];
}

/** What those buttons do; done(message) is called after a change. */
export function handlers(name, { current, verification, done }) {
  const path = projection(name);
  const change = (route, more = () => ({})) => ({ reason, requestedBy, key, values, force }) =>
    post(`${path}/${route}`, signed({ ...more(values, force), reason }, requestedBy), { 'Idempotency-Key': key });
  const told = (answer) => done(answer.message);
  return {
    rebuild: () => confirmChange({
      title: `Rebuild ${name}`,
      about: [
        h('p', {}, 'It is built anew from history while writers go on writing. Beside the one that serves, readers see that one, whole, until '
          + 'the new one is compared and swapped in; and that can be undone.'),
        h('p', {}, 'In place its read model is emptied, and readers see it incomplete until it is filled again.'),
      ],
      fields: [{
        id: 'change-place',
        label: 'Where',
        hint: 'In place is for where there is no disk for two of them.',
        input: h('select', { id: 'change-place' },
          h('option', { value: '' }, 'as its definition says'),
          h('option', { value: 'in-place' }, 'in place')),
      }],
      confirm: 'Rebuild',
      send: change('rebuild', (values) => (values['change-place'] === 'in-place' ? { inPlace: true } : {})),
      done: told,
    }),
    stop: () => confirmChange({
      title: `Stop the rebuild of ${name}`,
      about: current().rebuild?.beside ? h('p', {}, UNTOUCHED) : [
        h('p', {}, 'As long as it waits for its first fence nothing was emptied: the read model stays as it is, and is in use again soon.'),
        h('p', {}, 'Later it stays where it stands: the read model is incomplete, and writers go on to record what comes, so that nothing is lost. ',
          h('strong', {}, 'Only a new rebuild, from the start, makes the read model whole again.')),
        h('p', {}, 'One that is settling is in use again, and stays so: that nothing is missing is not proven then.'),
      ],
      confirm: 'Stop rebuild',
      danger: true,
      send: ({ reason, requestedBy }) => remove(`${path}/rebuild`, signed({ reason }, requestedBy)),
      done: told,
    }),
    approve: () => confirmChange({
      title: `Approve generation ${current().rebuild.generation} of ${name}`,
      about: h('p', {}, 'It serves as soon as no reader is in the way. The one before is kept for a while, and written by every append, so that '
        + 'this can be undone.'),
      confirm: 'Approve',
      send: change('approve'),
      done: told,
    }),
    reject: () => confirmChange({
      title: `Reject generation ${current().rebuild.generation} of ${name}`,
      about: h('p', {}, UNTOUCHED),
      confirm: 'Reject',
      danger: true,
      send: change('reject'),
      done: told,
    }),
    undo: () => confirmChange({
      title: `Undo the last swap of ${name}`,
      about: h('p', {}, 'The generation that is kept serves again as soon as no reader is in the way. Every append was applied to it all the '
        + 'while. The one that serves now is kept instead.'),
      confirm: 'Undo the swap',
      send: change('undo'),
      done: told,
    }),
    'retire-replaced': () => confirmChange({
      title: `Retire what the last swap of ${name} replaced`,
      about: h('p', {}, 'Appends no longer write to it, and its tables are dropped. ', h('strong', {}, 'The swap can\'t be undone any more.')),
      confirm: 'Retire it',
      danger: true,
      send: change('retire-replaced'),
      done: told,
    }),
    rate: () => confirmChange({
      title: `Limit the rebuild of ${name}`,
      about: h('p', {}, 'From the next batch on, the replay applies so many events a second at the most.'),
      fields: [{
        id: 'change-rate',
        label: 'Events a second',
        hint: '0 lifts the limit.',
        input: h('input', {
          id: 'change-rate', type: 'number', min: 0, max: 2147483647, step: 1, required: true, inputmode: 'numeric',
          value: current().rebuild?.maxEventsPerSecond ?? 1000,
        }),
      }],
      confirm: 'Limit rate',
      send: change('rate', (values) => ({ eventsPerSecond: Number(values['change-rate']) })),
      done: told,
    }),
    verify: () => confirmChange({
      title: `Verify ${name}`,
      about: h('p', {}, 'The node that answers here holds each row of its read model against the journal. Nothing is changed and nobody waits '
        + 'for it, but it applies all events once more: as long as a rebuild that goes event by event, and as much work for the database.'),
      confirm: 'Verify',
      send: change('verifications'),
      done: told,
    }),
    'stop-verification': () => {
      const { id } = verification();
      confirmChange({
        title: `Stop the verification of ${name}`,
        about: h('p', {}, 'It leaves off after the events, or the table, that it is at, and has no result.'),
        confirm: 'Stop verification',
        danger: true,
        send: ({ reason, requestedBy }) => remove(`${path}/verifications/${id}`, signed({ reason }, requestedBy)),
        done: told,
      });
    },
    pause: () => confirmChange({
      title: `Pause ${name}`,
      about: h('p', {}, 'Writers record what comes instead of applying it; recovery and rebuild rest. Nothing is lost, but the read model '
        + 'stands still until it is resumed.'),
      confirm: 'Pause',
      send: change('pause'),
      done: told,
    }),
    resume: () => confirmChange({
      title: `Resume ${name}`,
      about: h('p', {}, 'Writers apply again, and what was recorded meanwhile is applied in order.'),
      confirm: 'Resume',
      send: change('resume'),
      done: told,
    }),
    rename: () => confirmChange({
      title: `Rename ${name}`,
      about: h('p', {}, 'Its read model and what is open of it stay as they are; its history stays under this name. Writers record for the '
        + 'newer name from now on, and apply again when a node has a projection of that name, in the same version, with the same tables.'),
      fields: [{
        id: 'change-name',
        label: 'Its name from now on',
        hint: 'Small letters, digits and _; no projection may have it.',
        input: h('input', {
          id: 'change-name', required: true, pattern: '[a-z][a-z0-9_]{0,47}', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
        }),
      }],
      confirm: 'Rename',
      send: change('rename', (values) => ({ to: values['change-name'] })),
      done: (answer, values) => {
        location.hash = `#/${values['change-name']}`;
      },
    }),
    retire: () => confirmChange({
      title: `Retire ${name}`,
      about: [
        h('p', {}, 'It is no projection any more: writers do nothing for it, and what is open of it is archived as superseded, as soon as all '
          + 'transactions have ended that began before. Its history stays.'),
        h('p', {}, 'It is refused as long as a node has it registered: deploy a build without it first. ',
          h('strong', {}, 'There is no way back but to build it anew from history.')),
      ],
      fields: [{
        id: 'change-tables',
        label: 'Its tables',
        hint: 'What is kept is nobody\'s, and another projection may take it when it has been emptied.',
        input: h('select', { id: 'change-tables', required: true },
          h('option', { value: '' }, 'choose'),
          h('option', { value: 'keep' }, 'are kept as they are'),
          h('option', { value: 'drop' }, 'are dropped')),
      }, {
        id: 'change-typed',
        label: 'Type its name',
        hint: `To be sure that it is ${name} that is meant.`,
        input: h('input', {
          id: 'change-typed', required: true, pattern: name, title: name, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
        }),
      }],
      confirm: 'Retire',
      danger: true,
      send: change('retire', (values, force) => ({ tables: values['change-tables'], ...(force && { force }) })),
      overrule: {
        warning: ['To force it is for nodes that are gone for good, or that you are about to stop. Those that have it do nothing for it any '
          + 'more, and ', h('strong', {}, 'one that is started again with it builds it anew from history.')],
        label: `Retire ${name} all the same, whoever has it registered`,
        confirm: 'Retire by force',
      },
      done: told,
    }),
  };
}
