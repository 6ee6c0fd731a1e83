import { buttons, handlers } from './actions.js';
import { get, projection } from './api.js';
import { Beside } from './beside.js';
import { h, onActions, patch } from './dom.js';
import { answered, count, duration, perSecond, plain } from './format.js';
import { operationHistory, rebuildHistory } from './history.js';
import { badge, fact } from './parts.js';
import { problemBox } from './problem.js';
import { rebuildPanel } from './rebuild.js';
import { RecordDialog } from './record.js';
import { Skips } from './skips.js';
import { ago } from './time.js';
import { isOpen, Verification } from './verification.js';
import { besideOf, byReason, deletions, standing, stands, underWay } from './words.js';

const BUSY = 1500;
const AT_REST = 5000;

/** One projection: how it stands, what can be done about it, and what has been. */
export class ProjectionView {
  constructor(main, name, announce) {
    this.title = name;
    this.name = name;
    this.announce = announce;
    this.path = projection(name);
    this.readOnly = null;
    this.retired = false;
    this.heading = h('h1', { tabindex: '-1' }, name);
    this.badges = h('p', { class: 'badges' });
    this.facts = h('p', { class: 'quiet', id: 'where' });
    this.actions = h('div', { class: 'actions', role: 'group', 'aria-label': `What to do about ${name}` });
    this.notice = h('p', { class: 'notice', role: 'status', id: 'notice' });
    this.problem = h('div', { role: 'alert' });
    this.callouts = h('div', {});
    this.rebuild = h('section', { class: 'card', 'aria-label': 'Rebuild', id: 'rebuild' });
    this.counts = h('section', { class: 'card', 'aria-labelledby': 'counts-title', id: 'counts' });
    this.rebuilds = h('section', { class: 'card', 'aria-labelledby': 'rebuilds-title', id: 'rebuilds' });
    this.operations = h('section', { class: 'card', 'aria-labelledby': 'operations-title', id: 'operations' });
    this.verification = new Verification(this.path, (text) => this.announce(`${name}: ${text}`));
    const changes = handlers(name, {
      current: () => this.current, verification: () => this.verification.last, done: (message) => this.done(message),
    });
    this.beside = new Beside(this.path, changes);
    this.skips = new Skips(name, (message) => this.done(message));
    main.replaceChildren(
      h('nav', { 'aria-label': 'Where you are' }, h('a', { href: '#/' }, '← All projections')),
      h('div', { class: 'title' }, h('div', {}, this.heading, this.badges, this.facts), this.actions),
      this.notice, this.problem, this.callouts,
      h('div', { class: 'panels' }, this.rebuild, this.counts),
      this.beside.element,
      this.skips.element,
      this.verification.element,
      h('div', { class: 'panels even' }, this.rebuilds, this.operations));
    onActions(this.actions, changes);
    this.skips.load();
    this.refresh();
  }

  /** The list has come: it says how the projection stands before its page is asked. */
  update(list) {
    const summary = list.projections.find(({ name }) => name === this.name);
    const seen = summary && [summary.status, summary.phase, summary.stopped, summary.blocked, summary.newGeneration, summary.heldFor, summary.unhandled, summary.paused, summary.generation].join();
    if (this.readOnly !== list.readOnly) {
      this.readOnly = list.readOnly;
      this.skips.setReadOnly(list.readOnly);
      this.record?.setReadOnly(list.readOnly);
      this.render();
    }
    if (summary && this.seen !== undefined && this.seen !== seen) {
      this.refresh();
      this.announce(`${this.name}: ${spoken(summary)}`);
    }
    this.seen = seen;
    this.summary = summary;
    if (!this.current) {
      this.render();
    }
  }

  tick() {}

  /** Opens the record, or puts it away where there is none. */
  show(id) {
    if (this.record && this.record.id !== id) {
      this.record.close();
    }
    if (id && !this.record) {
      const opener = document.activeElement;
      this.record = new RecordDialog(this.name, id, {
        readOnly: this.readOnly ?? true,
        changed: (message) => this.done(message),
        onlyStream: (persistenceId) => this.skips.onlyStream(persistenceId),
        closed: () => {
          this.record = null;
          if (location.hash === `#/${this.name}/skips/${id}`) {
            location.hash = `#/${this.name}`;
          }
          if (!opener.isConnected) {
            this.heading.focus({ preventScroll: true });
          }
        },
      });
    }
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.record?.close();
  }

  done(message) {
    this.notice.textContent = plain(message);
    this.refresh();
    this.skips.load();
  }

  /** Asks how it stands, and asks again after a while; nobody looks at a hidden page. */
  async refresh() {
    clearTimeout(this.timer);
    if (!document.hidden) {
      await this.read();
    }
    clearTimeout(this.timer);
    if (!this.closed) {
      const busy = this.current && (underWay(this.current.rebuild) || isOpen(this.verification.last));
      this.timer = setTimeout(() => this.refresh(), busy ? BUSY : AT_REST);
    }
  }

  async read() {
    try {
      const current = await get(this.path);
      const counts = JSON.stringify([current.generation, current.open, current.parked, current.byReason]);
      if (this.known !== undefined && this.known !== counts) {
        this.skips.stale();
        this.record?.stale();
      }
      this.known = counts;
      this.current = current;
      this.retired = false;
      const [history, { verifications }] = await Promise.all([this.past(), get(`${this.path}/verifications`, { limit: 1 })]);
      this.history = history;
      this.verification.update(verifications[0] ?? null);
      this.problem.replaceChildren();
    } catch (problem) {
      patch(this.problem, (problem.status === 404 && await this.retirement()) || problemBox(problem));
    }
    this.render();
  }

  async past() {
    const [{ rebuilds }, { operations }] = await Promise.all([
      get(`${this.path}/rebuilds`, { limit: 20 }), get(`${this.path}/operations`, { limit: 20 })]);
    return { rebuilds, operations };
  }

  /** How its retirement stands, or null if it was never asked for; its history stays. */
  async retirement() {
    try {
      const retirement = await get(`${this.path}/retirement`);
      this.history = await this.past();
      this.retired = true;
      this.current = null;
      return retirementCallout(retirement);
    } catch {
      return null;
    }
  }

  render() {
    if (this.closed) {
      return;
    }
    for (const section of [this.rebuild, this.counts, this.beside.element, this.skips.element, this.verification.element]) {
      section.hidden = this.retired;
    }
    if (this.retired) {
      patch(this.badges, badge('retired', 'warn'));
      patch(this.facts);
      patch(this.actions);
      patch(this.callouts);
    } else if (this.current) {
      this.renderCurrent(this.current);
    } else if (this.summary) {
      // It has not been answered yet, or could not be: the list knows this much.
      patch(this.badges, standing(this.summary));
      patch(this.facts, `generation ${this.summary.generation}`);
    }
    if (this.history) {
      patch(this.rebuilds, h('h2', { id: 'rebuilds-title' }, 'Rebuilds'), rebuildHistory(this.history.rebuilds));
      patch(this.operations, h('h2', { id: 'operations-title' }, 'What people did'), operationHistory(this.history.operations));
    }
  }

  renderCurrent(current) {
    const { rebuild } = current;
    patch(this.badges, standing({ ...current, phase: rebuild?.phase ?? null, stopped: stands(rebuild), blocked: rebuild !== null && rebuild.blockedAt !== null && underWay(rebuild) && rebuild.lastError, ...besideOf(rebuild) }));
    patch(this.facts, `generation ${current.generation}, version ${current.version} of its definition, `,
      current.place !== null && ['in ', h('bdi', {}, plain(current.place)), ', '],
      current.node === null
        ? h('span', { class: 'tone', 'data-tone': 'warn' }, 'hosted by no node just now')
        : ['hosted by ', h('span', { class: 'node' }, current.node)]);
    if (this.readOnly !== null) {
      patch(this.actions, this.readOnly ? h('span', { class: 'quiet' }, 'Read-only: nothing can be changed here.') : buttons(current, this.verification.last));
    }
    patch(this.callouts, current.paused && pauseCallout(current.pause), current.unhandled && unhandledCallout(current.unhandled),
      current.following?.problem && unhandledCallout(current.following.problem));
    patch(this.rebuild, rebuildPanel(current));
    patch(this.counts, countsPanel(current));
    this.beside.update(current, this.readOnly ?? true);
  }
}

function spoken({ status, phase, stopped, paused }) {
  const work = stopped ? 'rebuild stopped' : phase === null || phase === 'done' ? status : `rebuild, phase ${phase}`;
  return paused ? `${work}, paused` : work;
}

function pauseCallout(pause) {
  return h('p', { class: 'callout', 'data-tone': 'warn', 'data-pause': '' }, h('strong', {}, 'Paused '),
    pause === null ? 'by whom is not on record.'
      : [ago(pause.at), ' by ', h('bdi', {}, plain(pause.requestedBy)), ': ', h('bdi', {}, plain(pause.reason))]);
}

function unhandledCallout(unhandled) {
  return h('p', { class: 'callout', 'data-tone': 'bad', 'data-unhandled': '' }, plain(unhandled), '.');
}

function retirementCallout({ requestedAt, requestedBy, reason, dropsTables, endedAt, lastError }) {
  return h('div', { class: 'callout', 'data-tone': lastError === null ? 'warn' : 'bad', 'data-retirement': endedAt === null ? 'open' : 'ended' },
    h('p', {}, h('strong', {}, 'Retired '), ago(requestedAt), ' by ', h('bdi', {}, plain(requestedBy)), ': ', h('bdi', {}, plain(reason))),
    h('p', {}, endedAt === null
      ? `Its open records are archived, and its tables ${dropsTables ? 'dropped' : 'left as they are'}, as soon as all transactions have ended that began before.`
      : `Its open records are archived, and its tables ${dropsTables ? 'are dropped' : 'were left as they are'}.`),
    lastError !== null && h('pre', { tabindex: '0', role: 'region', 'aria-label': 'What is in the way of its retirement' }, plain(lastError)));
}

function countsPanel({ open, parked, byReason: reasons, oldestSeconds, waitingDeletions, following, counts }) {
  return [
    h('h2', { id: 'counts-title' }, 'Counts'),
    h('dl', { class: 'facts' },
      fact('Open records', count(open)),
      fact('Parked', count(parked)),
      fact('Oldest', oldestSeconds === null ? '–' : duration(oldestSeconds)),
      fact('By reason', byReason(reasons))),
    following !== null && h('dl', { class: 'facts', 'data-following': '' },
      fact('Followed up to', count(following.position)),
      fact('Events to come', following.lag === 0 ? 'none' : `up to ${count(following.lag)}`),
      fact('Behind by', following.lag === 0 ? '–' : duration(following.behindSeconds))),
    deletions(waitingDeletions, 'it still needs them'),
    h('h3', {}, 'Since the nodes began'),
    h('dl', { class: 'facts' },
      fact('Applied', count(counts.applied)),
      fact('Recorded', count(counts.recorded)),
      fact('Recovered', count(counts.recovered)),
      fact('Recovering', perSecond(counts.recoveredPerSecond))),
    h('p', { class: 'quiet' }, `Totals of ${answered(counts.nodes)}.`),
  ];
}
