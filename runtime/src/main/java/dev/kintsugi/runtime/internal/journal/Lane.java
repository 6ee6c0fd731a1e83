package dev.kintsugi.runtime.internal.journal;

import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.internal.writer.NotNowException;
import dev.kintsugi.runtime.internal.writer.WrittenAppend;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.JournalOverloadedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that appends. It takes all writes that are queued, to a bound, into one transaction, and
 * never waits for more: under load the groups grow by themselves, and idle a write goes at once. A
 * stream is always on the same lane, so its writes are stored in the order in which they came.
 *
 * <p>A write that can't be stored fails or is rejected alone: the group is halved until it is by
 * itself.
 */
final class Lane implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Lane.class);

  /** At the least, and never fewer than writes that can wait. */
  private static final int FAILURES_KEPT = 10_000;

  private final BlockingQueue<LaneWrite> queue;
  private final int queueSize;
  private final int groupSize;
  private final long groupBytes;
  private final Appender appender;
  private final LaneMeters meters;
  private final BiConsumer<WrittenAppend, List<NewEvent>> onCommitted;
  private final Rejections rejections;
  private final EmptiedStreams emptied;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * The streams whose last write failed. What that actor had sent after it, before it heard of the
   * failure, must fail too, or the stream would have a gap. The failure stops the actor; its next
   * incarnation begins behind whatever was stored, and says so by another writer's name. Of most
   * streams that is not heard: the latest are kept. A write that slips through is refused by the
   * appender, as one behind a hole.
   */
  private final Map<String, Failure> failures;

  /** From which sequence number on an incarnation of an actor failed. */
  private record Failure(String writer, long from) {
    Failure orEarlier(Failure other) {
      return writer.equals(other.writer) && from <= other.from ? this : other;
    }
  }

  Lane(
      String name,
      JournalSettings settings,
      Appender appender,
      LaneMeters meters,
      BiConsumer<WrittenAppend, List<NewEvent>> onCommitted,
      Rejections rejections,
      EmptiedStreams emptied) {
    this.queueSize = settings.queueSize();
    this.queue = new LinkedBlockingQueue<>(queueSize);
    this.failures = Collections.synchronizedMap(new Latest<>(Math.max(queueSize, FAILURES_KEPT)));
    this.groupSize = settings.groupSize();
    this.groupBytes = settings.groupBytes();
    this.appender = appender;
    this.meters = meters;
    this.onCommitted = onCommitted;
    this.rejections = rejections;
    this.emptied = emptied;
    this.thread = new Thread(this::run, name);
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Queues a write, or fails it at once if the queue is full. */
  void submit(LaneWrite write) {
    if (closed) {
      write.fail(new IllegalStateException("the journal is closed"));
    } else if (!queue.offer(write)) {
      fail(
          write,
          new JournalOverloadedException(
              "the write of stream %s is refused: %d writes wait on its lane, as many as kintsugi.journal.queue-size allows"
                  .formatted(write.persistenceId(), queueSize)));
    } else if (closed) {
      failQueued();
    }
  }

  /** How many writes wait. */
  int queued() {
    return queue.size();
  }

  private void run() {
    List<LaneWrite> group = new ArrayList<>(groupSize);
    try {
      while (!closed) {
        take(group);
        store(withoutThoseAfterAFailure(group));
        group.clear();
      }
    } catch (InterruptedException e) {
      log.debug("{} ends", thread.getName());
    } finally {
      closed = true;
      appender.close();
      group.forEach(write -> write.fail(new IllegalStateException("the journal was closed")));
      failQueued();
    }
  }

  /** Waits for a write, and takes what is queued behind it, as much as fits into one group. */
  private void take(List<LaneWrite> group) throws InterruptedException {
    LaneWrite write = queue.take();
    group.add(write);
    long size = write.size();
    while (group.size() < groupSize) {
      LaneWrite next = queue.peek();
      if (next == null || size + next.size() > groupBytes) {
        return;
      }
      if (!queue.remove(next)) {
        return; // the lane is closed, and whoever closed it fails what is queued
      }
      group.add(next);
      size += next.size();
    }
  }

  private List<LaneWrite> withoutThoseAfterAFailure(List<LaneWrite> group) {
    if (failures.isEmpty()) {
      return group;
    }
    List<LaneWrite> rest = new ArrayList<>(group.size());
    for (LaneWrite write : group) {
      if (!failedEarlier(write)) {
        rest.add(write);
      }
    }
    return rest;
  }

  private boolean failedEarlier(LaneWrite write) {
    Failure failure = failures.get(write.persistenceId());
    List<NewEvent> events = write.events();
    if (failure == null || events.isEmpty()) {
      return false;
    }
    EventRow first = events.get(0).row();
    if (!failure.writer().equals(first.writer())) {
      failures.remove(write.persistenceId(), failure);
      return false;
    }
    if (first.sequenceNumber() < failure.from()) {
      return false;
    }
    write.fail(
        new IllegalStateException(
            "event %d of stream %s is not stored, as event %d before it was not"
                .formatted(first.sequenceNumber(), write.persistenceId(), failure.from())));
    return true;
  }

  private void store(List<LaneWrite> writes) throws InterruptedException {
    List<LaneWrite> group = writes;
    while (true) {
      List<NewEvent> events = eventsOf(group);
      try {
        if (!events.isEmpty()) {
          long begin = System.nanoTime();
          WrittenAppend written =
              appender.append(events, rejections.before(events), emptied::contains);
          meters.committed(written, System.nanoTime() - begin, stored(group));
          rejections.stored(events);
          emptied.stored(events);
          onCommitted.accept(written, events);
        }
        group.forEach(LaneWrite::complete);
        return;
      } catch (AppendRejectedException e) {
        boolean rejected = false;
        for (LaneWrite write : group) {
          List<NewEvent> atFault = write.reject(e.persistenceId(), e.sequenceNumber(), e);
          rejections.add(atFault);
          rejected |= !atFault.isEmpty();
        }
        if (!rejected) {
          failAll(group, e);
          return;
        }
      } catch (NotNowException e) {
        List<LaneWrite> others = failThoseOf(e.persistenceId(), group, e);
        if (others.size() == group.size()) {
          failAll(group, e);
          return;
        }
        group = others;
      } catch (InterruptedException e) {
        failAll(group, e);
        throw e;
      } catch (Throwable e) {
        bisect(group, e);
        return;
      }
    }
  }

  /** Fails one stream's writes; returns the others. */
  private List<LaneWrite> failThoseOf(String persistenceId, List<LaneWrite> group, Exception why) {
    List<LaneWrite> others = new ArrayList<>(group.size());
    for (LaneWrite write : group) {
      if (write.persistenceId().equals(persistenceId)) {
        fail(write, why);
      } else {
        others.add(write);
      }
    }
    return others;
  }

  /** How many writes are not rejected as a whole. */
  private static int stored(List<LaneWrite> group) {
    int stored = 0;
    for (LaneWrite write : group) {
      stored += write.isRejected() ? 0 : 1;
    }
    return stored;
  }

  private static List<NewEvent> eventsOf(List<LaneWrite> group) {
    List<NewEvent> events = new ArrayList<>();
    group.forEach(write -> events.addAll(write.events()));
    return events;
  }

  private void bisect(List<LaneWrite> group, Throwable e) throws InterruptedException {
    if (group.size() == 1 || SqlStates.isDatabaseAtFault(e)) {
      failAll(group, e);
      if (SqlStates.isWithoutConnection(e)) {
        failAllQueued(e);
      }
      return;
    }
    int half = group.size() / 2;
    store(group.subList(0, half));
    store(withoutThoseAfterAFailure(group.subList(half, group.size())));
  }

  /**
   * What is queued has waited for a connection as long as the group has that got none: without a
   * database each group would wait in its turn, and the last writes for hours.
   */
  private void failAllQueued(Throwable e) {
    List<LaneWrite> queued = new ArrayList<>();
    queue.drainTo(queued);
    failAll(queued, e);
  }

  private void failAll(List<LaneWrite> group, Throwable why) {
    group.forEach(write -> fail(write, why));
  }

  private void fail(LaneWrite write, Throwable why) {
    List<NewEvent> events = write.events();
    if (!events.isEmpty()) {
      EventRow first = events.get(0).row();
      failures.merge(
          write.persistenceId(),
          new Failure(first.writer(), first.sequenceNumber()),
          Failure::orEarlier);
    }
    write.fail(why);
  }

  private void failQueued() {
    for (LaneWrite write = queue.poll(); write != null; write = queue.poll()) {
      write.fail(new IllegalStateException("the journal was closed"));
    }
  }

  /** Takes no further group; the one under way is stored, and writes that were not begun fail. */
  @Override
  public void close() {
    closed = true;
    queue.offer(LaneWrite.none());
  }

  /** Waits until the thread has ended, but no longer than this. */
  boolean awaitEnd(Duration atMost) throws InterruptedException {
    thread.join(atMost.toMillis());
    return !thread.isAlive();
  }
}
