import { h } from './dom.js';
import { duration } from './format.js';

const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const ofDay = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

let ahead = 0;

/** Ages are reckoned by the cluster's clock; the browser's may be wrong. */
export function setClock(at) {
  ahead = Date.parse(at) - Date.now();
}

export function now() {
  return Date.now() + ahead;
}

/** A time as people say it, with the exact one beside it for those who ask. */
export function ago(at) {
  return h('time', { datetime: at, title: exactly(at), 'data-ago': '' }, relative(at));
}

/** Both at once, where there is room. */
export function at(instant) {
  return [ago(instant), h('span', { class: 'quiet' }, `, ${exactly(instant)}`)];
}

export function clock(milliseconds) {
  return ofDay.format(milliseconds);
}

export function secondsBetween(from, to) {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

/** Keeps the ages on the page true. */
export function tick() {
  for (const element of document.querySelectorAll('time[data-ago]')) {
    const text = relative(element.dateTime);
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }
}

function exactly(instant) {
  return absolute.format(Date.parse(instant));
}

function relative(instant) {
  const seconds = (now() - Date.parse(instant)) / 1000;
  if (Math.abs(seconds) < 2) {
    return 'just now';
  }
  const age = duration(Math.floor(Math.abs(seconds)) < 10 ? Math.floor(Math.abs(seconds)) : Math.abs(seconds)).replace('.0 s', ' s');
  return seconds > 0 ? `${age} ago` : `in ${age}`;
}
