package dev.kintsugi.examples.bench.cuts;

import dev.kintsugi.examples.bench.kill.Ack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Hears of all that actors and readers asked for, and what came of it. On any thread. */
final class Witness {

  private static final long LOOK_EVERY_MILLIS = 20;

  /** What was waited for while one kind of cut was the latest. */
  record Waits(Longest persists, Longest recoveries, Longest queries) {}

  private final Map<Cut, Waits> waits = new EnumMap<>(Cut.class);
  private final Map<Integer, Long> lastAnswered = new ConcurrentHashMap<>();
  private final AtomicLong events = new AtomicLong();
  private final AtomicInteger persisting = new AtomicInteger();
  private final LongAdder snapshots = new LongAdder();
  private final Map<String, LongAdder> causes = new ConcurrentHashMap<>();
  private final List<String> wrong = new ArrayList<>();
  private final List<Ack> acks = new ArrayList<>();
  private volatile Cut latest = Cut.REFUSED;
  private volatile boolean closing;

  /**
   * @param bound how long a persist may take
   * @param readBound how long a recovery or a query may take
   */
  Witness(Duration bound, Duration readBound) {
    for (Cut cut : Cut.values()) {
      waits.put(cut, new Waits(new Longest(bound), new Longest(readBound), new Longest(readBound)));
    }
  }

  /** What begins with this cut and ends before the next one is put down to it. */
  void begins(Cut cut) {
    latest = cut;
  }

  Waits of(Cut cut) {
    return Objects.requireNonNull(waits.get(cut));
  }

  /** A number that no other event of the run has. */
  long nextEvent() {
    return events.incrementAndGet();
  }

  void persistBegins() {
    persisting.incrementAndGet();
  }

  void stored(int actor, long begin, Ack ack) {
    synchronized (acks) {
      acks.add(ack);
    }
    long now = System.nanoTime();
    lastAnswered.put(actor, now);
    of(latest).persists().ended(now - begin, true);
    persisting.decrementAndGet();
  }

  /** Persists of an actor got a failure for their answer, or its end. */
  void notStored(int count, long begin, String cause) {
    for (int i = 0; i < count; i++) {
      of(latest).persists().ended(System.nanoTime() - begin, false);
      persisting.decrementAndGet();
    }
    causes.computeIfAbsent(cause, c -> new LongAdder()).increment();
  }

  void recovered(long begin, boolean well) {
    of(latest).recoveries().ended(System.nanoTime() - begin, well);
  }

  /** A query of a reader has ended; its number is none of an actor's. */
  void queried(int reader, long begin, boolean well) {
    long now = System.nanoTime();
    if (well) {
      lastAnswered.put(reader, now);
    }
    of(latest).queries().ended(now - begin, well);
  }

  void snapshotTaken() {
    snapshots.increment();
  }

  long snapshots() {
    return snapshots.sum();
  }

  /** Something that must never be. */
  void isWrong(String what) {
    synchronized (wrong) {
      wrong.add(what);
    }
  }

  List<String> wrong() {
    synchronized (wrong) {
      return List.copyOf(wrong);
    }
  }

  List<Ack> acks() {
    synchronized (acks) {
      return List.copyOf(acks);
    }
  }

  long acknowledged() {
    synchronized (acks) {
      return acks.size();
    }
  }

  /** What actors were told when a persist failed, and how often. */
  Map<String, Long> causes() {
    Map<String, Long> counted = new TreeMap<>();
    causes.forEach((cause, count) -> counted.put(cause, count.sum()));
    return counted;
  }

  /**
   * Waits until each of so many actors has stored something since, and each of so many readers had
   * an answer; false if one does not.
   */
  boolean awaitAll(int all, long since, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (stuck(all, since) > 0) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
    return true;
  }

  /** How many of all actors and readers have not. */
  long stuck(int all, long since) {
    return all - lastAnswered.values().stream().filter(last -> last - since > 0).count();
  }

  /** From now on nobody begins anything. */
  void close() {
    closing = true;
  }

  boolean isClosing() {
    return closing;
  }

  /** How many persists have no answer yet. */
  int unanswered() {
    return persisting.get();
  }
}
