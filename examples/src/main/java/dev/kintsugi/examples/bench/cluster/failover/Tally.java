package dev.kintsugi.examples.bench.cluster.failover;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** What the nodes said. Any thread adds to it. */
final class Tally {

  private final Queue<Change> acknowledged = new ConcurrentLinkedQueue<>();
  private final LongAdder count = new LongAdder();
  private final LongAdder unknown = new LongAdder();
  private final LongAdder known = new LongAdder();
  private final LongAdder ahead = new LongAdder();

  /** It is stored, now or before. */
  void acknowledged(Change change) {
    acknowledged.add(change);
    count.increment();
  }

  /** It was stored before: it is asked for again as its outcome was unknown. */
  void known() {
    known.increment();
  }

  /** Nobody knows what became of them. */
  void unknown(long changes) {
    unknown.add(changes);
  }

  /** Its file lacks one that was acknowledged. */
  void ahead() {
    ahead.increment();
  }

  List<Change> acknowledged() {
    return List.copyOf(acknowledged);
  }

  long count() {
    return count.sum();
  }

  long unknown() {
    return unknown.sum();
  }

  long knownBefore() {
    return known.sum();
  }

  long lacking() {
    return ahead.sum();
  }
}
