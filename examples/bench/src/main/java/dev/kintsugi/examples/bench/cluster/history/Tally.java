package dev.kintsugi.examples.bench.cluster.history;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** What the nodes said. Any thread adds to it. */
public final class Tally {

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

  /**
   * Its file lacks one that was acknowledged: that is lost, or the answer came from a node that was
   * taken for down, and does not know yet. It is asked for again.
   */
  void ahead() {
    ahead.increment();
  }

  public List<Change> acknowledged() {
    return List.copyOf(acknowledged);
  }

  public long count() {
    return count.sum();
  }

  public long unknown() {
    return unknown.sum();
  }

  public long knownBefore() {
    return known.sum();
  }

  public long lacking() {
    return ahead.sum();
  }
}
