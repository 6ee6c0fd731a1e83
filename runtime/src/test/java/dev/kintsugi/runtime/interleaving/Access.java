package dev.kintsugi.runtime.interleaving;

import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What one database step touches that another transaction could notice, or be noticed by. Tables
 * stand for their rows, or for those of one stream: that makes more steps depend on each other than
 * do, never fewer.
 *
 * @param reads tables that a snapshot is taken of
 * @param writes tables that are changed, which nobody sees before the commit
 * @param locks tables of which rows are locked, and advisory locks
 * @param owns tables that nobody else may touch meanwhile (TRUNCATE, DDL, LOCK TABLE)
 * @param draws tables whose sequence a number is drawn from
 * @param shows tables whose changes a commit makes visible
 * @param takesId whether the transaction is given its id here
 * @param ends whether a transaction that has an id ends here
 * @param takesFence whether it matters which other transactions have an id by now
 * @param looksAtEnds whether it matters which other transactions have ended by now
 * @param holds tables that the transaction has a lock on from here on, or is prepared with: who
 *     looks at locks sees that
 * @param releases tables that a transaction which has an id had such a lock on, and ends here
 * @param looksAtHolders tables of which it matters which other transactions have such a lock by now
 */
record Access(
    Set<String> reads,
    Set<String> writes,
    Set<String> locks,
    Set<String> owns,
    Set<String> draws,
    Set<String> shows,
    boolean takesId,
    boolean ends,
    boolean takesFence,
    boolean looksAtEnds,
    Set<String> holds,
    Set<String> releases,
    Set<String> looksAtHolders) {

  /** Whoever acts on a status holds a lock on it, and a fence looks at that. */
  static final Set<String> STATUSES = Set.of("kintsugi_projection");

  /**
   * Whoever has drawn a number holds a lock on it, and whoever proves numbers final looks at that.
   */
  static final Set<String> JOURNAL = Set.of("event_journal");

  /** Who keeps a snapshot: a swap looks at that. */
  static final String SNAPSHOTS = "snapshots that are kept";

  static final Access NONE = ofLook(Set.of(), false);

  /** What has changed of the transaction is its name among the locks, at most. */
  static final Access PREPARE =
      new Access(
          Set.of(),
          Set.of(),
          Set.of(),
          Set.of(),
          Set.of(),
          Set.of(),
          false,
          false,
          false,
          false,
          Set.of("kintsugi_projection", "event_journal"),
          Set.of(),
          Set.of());

  /** An end of a transaction that held locks on some tables. */
  static Access ofEnd(Set<String> shows, boolean hadId, Set<String> held) {
    return new Access(
        Set.of(),
        Set.of(),
        Set.of(),
        Set.of(),
        Set.of(),
        shows,
        false,
        hadId,
        false,
        false,
        Set.of(),
        hadId ? held : Set.of(),
        Set.of());
  }

  /** A look at what is committed; or at whom a fence waits for. */
  static Access ofLook(Set<String> reads, boolean atFence) {
    return ofLook(reads, atFence, atFence ? STATUSES : Set.of());
  }

  /** A look at who has drawn numbers and has not ended. */
  static Access ofProof() {
    return ofLook(Set.of(), false, JOURNAL);
  }

  private static Access ofLook(Set<String> reads, boolean looksAtEnds, Set<String> looksAtHolders) {
    return new Access(
        reads,
        Set.of(),
        Set.of(),
        Set.of(),
        Set.of(),
        Set.of(),
        false,
        false,
        false,
        looksAtEnds,
        Set.of(),
        Set.of(),
        looksAtHolders);
  }

  /** A transaction of which nobody sees that it takes time. */
  static Access ofWhole(Set<String> reads, Set<String> draws, Set<String> shows) {
    return new Access(
        reads, Set.of(), Set.of(), Set.of(), draws, shows, false, false, false, false, Set.of(),
        Set.of(), Set.of());
  }

  /** The same of a look at a fence for which it makes no difference who has read a status. */
  Access byIdsAlone() {
    return new Access(
        reads,
        writes,
        locks,
        owns,
        draws,
        shows,
        takesId,
        ends,
        takesFence,
        looksAtEnds,
        holds,
        releases,
        Set.of());
  }

  /** The same of a transaction that keeps the snapshot which it takes here. */
  Access keepingSnapshot(Set<String> alsoReads) {
    Set<String> all = new HashSet<>(reads);
    all.addAll(alsoReads);
    return with(all, writes, Set.of(SNAPSHOTS));
  }

  /** The same where what is read was seen long before; only who owns a table matters. */
  Access inKeptSnapshot() {
    Set<String> touched = new HashSet<>(writes);
    touched.addAll(reads);
    return with(Set.of(), touched, shows);
  }

  /** The same of the end of a transaction that has kept a snapshot. */
  Access endingSnapshot() {
    Set<String> all = new HashSet<>(shows);
    all.add(SNAPSHOTS);
    return with(reads, writes, all);
  }

  private Access with(Set<String> reads, Set<String> writes, Set<String> shows) {
    return new Access(
        reads,
        writes,
        locks,
        owns,
        draws,
        shows,
        takesId,
        ends,
        takesFence,
        looksAtEnds,
        holds,
        releases,
        looksAtHolders);
  }

  /**
   * The same of a session that touches only one stream's rows of some tables: its statements name
   * the stream.
   */
  Access ofStream(Set<String> tables, String stream) {
    return map(table -> Stream.of(tables.contains(table) ? table + "/" + stream : table));
  }

  /** The same of a session that touches the rows of all these streams. */
  Access ofStreams(Set<String> tables, Set<String> streams) {
    return map(
        table ->
            tables.contains(table)
                ? streams.stream().map(stream -> table + "/" + stream)
                : Stream.of(table));
  }

  private Access map(Function<String, Stream<String>> parts) {
    UnaryOperator<Set<String>> each =
        names -> names.stream().flatMap(parts).collect(Collectors.toUnmodifiableSet());
    return new Access(
        each.apply(reads),
        each.apply(writes),
        each.apply(locks),
        each.apply(owns),
        each.apply(draws),
        each.apply(shows),
        takesId,
        ends,
        takesFence,
        looksAtEnds,
        holds,
        releases,
        looksAtHolders);
  }

  /** Whether nobody else can tell when this happens: then it need not be a step. */
  boolean isLocal() {
    return reads.isEmpty()
        && writes.isEmpty()
        && locks.isEmpty()
        && owns.isEmpty()
        && draws.isEmpty()
        && shows.isEmpty()
        && !takesId
        && !ends
        && !takesFence
        && !looksAtEnds
        && holds.isEmpty()
        && looksAtHolders.isEmpty();
  }

  /**
   * Whether it makes a difference which of two steps of two transactions comes first. Where one
   * only waits for a lock until the other's transaction has ended, it is the order of taking the
   * lock that counts, and what the waiting statement's snapshot saw.
   */
  boolean dependsOn(Access other) {
    return meet(reads, other.shows)
        || meet(shows, other.reads)
        || meet(locks, other.locks)
        || meet(draws, other.draws)
        || (!owns.isEmpty() && meet(owns, other.touched()))
        || (!other.owns.isEmpty() && meet(other.owns, touched()))
        || (takesFence && other.takesId)
        || (other.takesFence && takesId)
        || (looksAtEnds && other.ends)
        || (other.looksAtEnds && ends)
        || meet(looksAtHolders, other.holds)
        || meet(other.looksAtHolders, holds)
        || meet(looksAtHolders, other.releases)
        || meet(other.looksAtHolders, releases);
  }

  private Set<String> touched() {
    Set<String> touched = new HashSet<>(reads);
    touched.addAll(writes);
    touched.addAll(locks);
    touched.addAll(owns);
    touched.addAll(draws);
    return touched;
  }

  private static boolean meet(Set<String> some, Set<String> others) {
    return !Collections.disjoint(some, others);
  }
}
