const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function count(number) {
  return whole.format(number);
}

export function records(number) {
  return `${count(number)} ${number === 1 ? 'record' : 'records'}`;
}

/** Whose totals are on show. */
export function answered(nodes) {
  return nodes === 1 ? 'the one node that answered' : `the ${count(nodes)} nodes that answered`;
}

export function perSecond(number) {
  return `${number > 0 && number < 10 ? tenths.format(number) : whole.format(number)}/s`;
}

/** Rounded down: 100 % is said only of what is complete. */
export function percent(fraction) {
  return `${tenths.format(Math.floor(fraction * 1000) / 10)} %`;
}

/** Seconds in the two units that matter. */
export function duration(seconds) {
  if (seconds < 10) {
    return `${tenths.format(Math.max(0, seconds))} s`;
  }
  const units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  let rest = Math.round(seconds);
  const first = units.findIndex(([, size]) => rest >= size);
  return units.slice(first, first + 2).map(([unit, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount > 0 ? `${amount} ${unit}` : '';
  }).filter(Boolean).join(' ');
}

/** Text from outside: what would turn the order of letters round or hide among them is shown by its number. */
export function plain(text) {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
