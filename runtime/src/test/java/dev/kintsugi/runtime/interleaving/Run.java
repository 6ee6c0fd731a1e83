package dev.kintsugi.runtime.interleaving;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * One run of some sessions, a step at a time: what runs next is somebody else's to choose. A
 * session that waits in the database for another one's lock is found out by asking the database,
 * and goes on as soon as the lock is given to it.
 */
final class Run {

  /** A run has far fewer steps; with as many it does not end. */
  private static final int TOO_MANY_STEPS = 3000;

  private static final long PATIENCE_SECONDS = 60;

  /** A step that takes longer may be waiting for a lock; if it does not, it is given twice that. */
  private static final long LOOK_AFTER_MICROS = 700;

  /** Chooses what runs next. */
  interface Chooser {

    /**
     * The session whose step is done next; empty if this run is of no interest any more.
     *
     * @param enabled the sessions that stand before a step, and which that is
     */
    OptionalInt choose(Map<Integer, Session.Step> enabled);
  }

  /** Tells of a backend whether it waits for another one's lock. */
  interface Blocked {
    boolean isBlocked(int pid) throws Exception;
  }

  /**
   * A step that was done.
   *
   * @param letOnBy the event that ended what its session waited for before this; -1 if it did not
   *     wait
   */
  record Event(int session, Session.Step step, int letOnBy) {}

  /** Whether a run came to its end, and what went wrong in it. */
  record Outcome(boolean complete, List<String> failures) {}

  private final List<Session> sessions;
  private final Turns turns;
  private final Blocked blocked;

  private final List<Event> events = new ArrayList<>();
  private final int[] letOnBy;

  Run(List<Session> sessions, Turns turns, Blocked blocked) {
    this.sessions = sessions;
    this.turns = turns;
    this.blocked = blocked;
    this.letOnBy = new int[sessions.size()];
    Arrays.fill(letOnBy, -1);
  }

  List<Event> events() {
    return events;
  }

  /** Runs the sessions, which have been started one by one and stand at their first stops. */
  Outcome run(Chooser chooser) throws Exception {
    turns.begin(session -> chooseAmongStanding(session, chooser));
    try {
      return runToTheEnd(chooser);
    } finally {
      turns.end();
    }
  }

  private Outcome runToTheEnd(Chooser chooser) throws Exception {
    while (events.size() < TOO_MANY_STEPS) {
      Map<Integer, Session.Step> enabled = enabled();
      if (enabled.isEmpty()) {
        if (sessions.stream().allMatch(Session::hasNothingToDo)) {
          return abandon(List.of(), true);
        }
        if (!unblockedByItself()) {
          return abandon(List.of("nobody can go on: " + states()), true);
        }
        continue;
      }
      OptionalInt next = chooser.choose(enabled);
      if (next.isEmpty()) {
        return abandon(List.of(), false);
      }
      Session session = begin(next.getAsInt());
      turns.give(session);
      session.goOn();
      if (!awaitTurn()) {
        return abandon(List.of(), false);
      }
      letOthersOn();
    }
    return abandon(List.of("no end after " + TOO_MANY_STEPS + " steps"), true);
  }

  /**
   * On the thread of a session that has come to a stop while all others stand at theirs: chooses
   * what runs next, as this run's own thread would. Mostly it is the same session, which then needs
   * no other thread to go on.
   */
  private Turns.Next chooseAmongStanding(Session session, Chooser chooser) throws Exception {
    if (events.size() >= TOO_MANY_STEPS || !sessions.stream().allMatch(Session::stands)) {
      return Turns.Next.ASK_THE_RUN;
    }
    for (int wait : letOnBy) {
      if (wait == WAITS) {
        return Turns.Next.ASK_THE_RUN;
      }
    }
    Map<Integer, Session.Step> enabled = enabled();
    if (enabled.isEmpty()) {
      return Turns.Next.ASK_THE_RUN;
    }
    OptionalInt next = chooser.choose(enabled);
    if (next.isEmpty()) {
      return Turns.Next.OF_NO_INTEREST;
    }
    Session chosen = begin(next.getAsInt());
    if (chosen == session) {
      return Turns.Next.GO_ON;
    }
    turns.give(chosen);
    chosen.goOn();
    return Turns.Next.STAND;
  }

  private Map<Integer, Session.Step> enabled() throws Exception {
    Map<Integer, Session.Step> enabled = new TreeMap<>();
    for (int i = 0; i < sessions.size(); i++) {
      Session session = sessions.get(i);
      if (session.state() == Session.State.READY
          || (session.state() == Session.State.AWAITING && session.isSo(last()))) {
        enabled.put(i, session.pending());
      }
    }
    return enabled;
  }

  private Optional<Access> last() {
    return events.isEmpty()
        ? Optional.empty()
        : Optional.of(events.get(events.size() - 1).step().access());
  }

  private Session begin(int index) {
    Session session = sessions.get(index);
    events.add(new Event(index, session.pending(), letOnBy[index]));
    letOnBy[index] = -1;
    return session;
  }

  /**
   * Waits until it is for the run to choose: as sessions can't, or as the one that runs is found to
   * wait for a lock.
   *
   * @return false if this run is of no interest any more
   */
  boolean awaitTurn() throws Exception {
    Optional<Session.Running> seen = turns.holder().running();
    long patience = LOOK_AFTER_MICROS;
    while (!turns.isTheRuns(patience, TimeUnit.MICROSECONDS)) {
      Session session = turns.holder();
      Optional<Session.Running> running = session.running();
      if (running.isEmpty() || !running.equals(seen)) {
        patience = LOOK_AFTER_MICROS;
      } else if (!blocked.isBlocked(session.pid())) {
        patience *= 2;
      } else if (session.blocked(running.get())) {
        turns.take();
      }
      seen = running;
    }
    return turns.isOfInterest();
  }

  /** A step may have ended what others wait for in the database. */
  private void letOthersOn() throws Exception {
    for (int i = 0; i < sessions.size(); i++) {
      Session other = sessions.get(i);
      while (other.state() == Session.State.BLOCKED && !blocked.isBlocked(other.pid())) {
        turns.awaitStop(1, TimeUnit.MILLISECONDS);
      }
      if (other.state() != Session.State.BLOCKED && letOnBy[i] == WAITS) {
        letOnBy[i] = events.size() - 1;
      } else if (other.state() == Session.State.BLOCKED) {
        letOnBy[i] = WAITS;
      }
    }
  }

  private static final int WAITS = -2;

  /** A deadlock is ended by the database, a lock that is waited for too long by itself. */
  private boolean unblockedByItself() throws InterruptedException {
    for (Session session : sessions) {
      if (session.state() == Session.State.BLOCKED) {
        return turns.awaitStop(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
    }
    return false;
  }

  private Outcome abandon(List<String> failures, boolean complete) throws InterruptedException {
    List<String> all = new ArrayList<>(failures);
    all.addAll(failures());
    for (Session session : sessions) {
      session.abandon();
    }
    for (Session session : sessions) {
      while (session.state() != Session.State.ENDED) {
        if (!turns.awaitStop(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          throw new IllegalStateException("a session does not end: " + states());
        }
      }
    }
    return new Outcome(complete, all);
  }

  private List<String> failures() {
    List<String> failures = new ArrayList<>();
    for (Session session : sessions) {
      Throwable failure = session.failure();
      if (failure != null) {
        failures.add(session.name() + " failed: " + failure);
      }
    }
    return failures;
  }

  private String states() {
    List<String> states = new ArrayList<>();
    for (Session session : sessions) {
      states.add(session.name() + " " + session.state());
    }
    return String.join(", ", states);
  }
}
