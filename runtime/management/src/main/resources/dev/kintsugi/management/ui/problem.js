import { h } from './dom.js';
import { plain } from './format.js';

const ADVICE = {
  0: 'Try again: a change that was asked for twice from the same dialog is made once.',
  403: 'Look whether this Management is read-only.',
  409: 'Look at how it stands now, and try again when that has passed.',
  412: 'Close this, look again and decide anew.',
  422: 'An earlier try of this dialog was carried out. Close this and look at how it stands now.',
  503: 'Try again in a moment: a change that was asked for twice from the same dialog is made once.',
};

/** What went wrong and what to do about it, to be shown where it was asked for. */
export function problemBox(problem, { changing = false } = {}) {
  const advice = changing ? ADVICE[problem.status] : null;
  return h('div', { class: 'problem', 'data-status': problem.status },
    h('p', {}, h('strong', {}, plain(problem.title || 'Error')), problem.status > 0 && h('span', { class: 'quiet' }, ` ${problem.status}`)),
    h('p', {}, plain(problem.detail ?? problem.message)),
    advice && h('p', { class: 'quiet' }, advice));
}
