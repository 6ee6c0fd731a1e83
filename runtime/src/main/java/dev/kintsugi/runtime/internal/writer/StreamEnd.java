package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.RejectedNumber;
import dev.kintsugi.runtime.persistence.StreamAppend;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream is expected to end when events of it are appended.
 *
 * @param expected its highest sequence number before them
 * @param first the lowest number of these events
 * @param last the highest number of these events
 * @param orGone whether nothing at all may be left of it
 */
record StreamEnd(String persistenceId, long expected, long first, long last, boolean orGone) {

  /**
   * Whether the stream ends there.
   *
   * @param actual its highest sequence number without these events; 0 if nothing is left of it
   */
  boolean isAt(long actual) {
    return actual == expected || (actual == 0 && orGone);
  }

  /** Where whoever appends says that it ends. */
  static List<StreamEnd> of(List<StreamAppend> appends) {
    return appends.stream()
        .map(
            append ->
                new StreamEnd(
                    append.persistenceId(),
                    append.expectedSequenceNumber(),
                    append.first(),
                    append.last(),
                    false))
        .toList();
  }

  /**
   * Where persistent actors leave off: each counts on from what is stored, and from its events that
   * were rejected since.
   *
   * @param mayBeGone of which streams nothing at all need be left: those of actors that have
   *     recovered from a snapshot alone
   */
  static List<StreamEnd> of(
      List<NewEvent> events, List<RejectedNumber> rejected, Predicate<String> mayBeGone) {
    Map<String, Numbers> streams = new LinkedHashMap<>();
    @Nullable Numbers last = null;
    for (NewEvent event : events) {
      EventRow row = event.row();
      if (last == null || !last.persistenceId.equals(row.persistenceId())) {
        last = streams.computeIfAbsent(row.persistenceId(), Numbers::new);
      }
      last.add(row.sequenceNumber());
    }
    Set<RejectedNumber> gaps = new HashSet<>(rejected);
    List<StreamEnd> ends = new ArrayList<>(streams.size());
    for (Numbers numbers : streams.values()) {
      ends.add(numbers.end(gaps, mayBeGone));
    }
    return ends;
  }

  /** Which numbers the events of a stream have, of an actor that sends many at once. */
  private static final class Numbers {
    private final String persistenceId;
    private long first = Long.MAX_VALUE;
    private long last;

    Numbers(String persistenceId) {
      this.persistenceId = persistenceId;
    }

    void add(long number) {
      first = Math.min(first, number);
      last = Math.max(last, number);
    }

    StreamEnd end(Set<RejectedNumber> gaps, Predicate<String> mayBeGone) {
      long expected = first - 1;
      while (!gaps.isEmpty() && gaps.contains(new RejectedNumber(persistenceId, expected))) {
        expected--;
      }
      return new StreamEnd(persistenceId, expected, first, last, mayBeGone.test(persistenceId));
    }
  }
}
