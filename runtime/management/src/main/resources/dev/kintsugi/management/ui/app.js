import { eventsUrl } from './api.js';
import { ListView } from './list.js';
import { listen } from './live.js';
import { ProjectionView } from './projection.js';
import { Rates } from './rates.js';
import { clock, now, setClock, tick } from './time.js';

const byId = (id) => document.getElementById(id);
const main = byId('main');
const rates = new Rates();
let list = null;
let connected = false;
let view = null;

function announce(text) {
  byId('announcer').textContent = text;
}

/** #/ is the list, #/NAME a projection, #/NAME/skips/ID one of its skip records. */
function route() {
  const [, name, , id] = location.hash.match(/^#\/([a-z][a-z0-9_]{0,47})(\/skips\/(\d{1,9}-\d{1,18}))?$/) ?? [];
  const moved = view !== null;
  if (view === null || (view.name ?? null) !== (name ?? null)) {
    view?.close();
    view = name ? new ProjectionView(main, name, announce) : new ListView(main, rates);
    document.title = name ? `${name} – Kintsugi` : 'Kintsugi';
    if (list) {
      view.update(list);
    }
    if (moved) {
      view.heading.focus();
      scrollTo(0, 0);
    }
  }
  view.show?.(id ?? null);
}

function showConnection() {
  const text = connected ? 'Live' : 'Disconnected';
  byId('connection').dataset.connected = String(connected);
  if (byId('connection').textContent !== text) {
    byId('connection').textContent = text;
  }
  const offline = byId('offline');
  offline.hidden = connected;
  offline.textContent = connected ? '' : `Disconnected since ${clock(Date.now())}. What you see may be old; trying to connect again.`;
}

listen(eventsUrl, {
  onList(current) {
    list = current;
    setClock(list.at);
    rates.add(Date.parse(list.at) / 1000, list.rates);
    byId('readonly').hidden = !list.readOnly;
    byId('answered').textContent = `Answered by ${list.node}.`;
    view.update(list);
  },
  onConnected() {
    if (!connected) {
      connected = true;
      showConnection();
    }
  },
  onDisconnected() {
    if (connected || byId('offline').hidden) {
      connected = false;
      rates.lost();
      showConnection();
    }
  },
});

setInterval(() => {
  tick();
  if (connected) {
    rates.silent(now() / 1000);
    view.tick();
  }
}, 1000);

document.querySelector('[data-action=skip]').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', route);
route();
