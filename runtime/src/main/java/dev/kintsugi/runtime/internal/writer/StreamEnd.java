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

/**
 * Where a stream is expected to end when events of it are appended.
 *
 * @param expected its highest sequence number before them
 * @param first the lowest number of these events
 * @param last the highest number of these events
 * @param orGone whether nothing at all may be left of it
 */
record StreamEnd(String persistenceId, long expected, long first, long last, boolean orGone) {

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
   * were rejected since. One that has recovered from a snapshot may have nothing left in the
   * journal.
   */
  static List<StreamEnd> of(List<NewEvent> events, List<RejectedNumber> rejected) {
    Set<RejectedNumber> gaps = new HashSet<>(rejected);
    Map<String, StreamEnd> ends = new LinkedHashMap<>();
    for (NewEvent event : events) {
      EventRow row = event.row();
      long number = row.sequenceNumber();
      ends.merge(
          row.persistenceId(),
          new StreamEnd(row.persistenceId(), number - 1, number, number, true),
          StreamEnd::and);
    }
    List<StreamEnd> before = new ArrayList<>(ends.size());
    for (StreamEnd end : ends.values()) {
      long expected = end.first - 1;
      while (gaps.contains(new RejectedNumber(end.persistenceId, expected))) {
        expected--;
      }
      before.add(new StreamEnd(end.persistenceId, expected, end.first, end.last, true));
    }
    return before;
  }

  private StreamEnd and(StreamEnd other) {
    return new StreamEnd(
        persistenceId,
        Math.min(expected, other.expected),
        Math.min(first, other.first),
        Math.max(last, other.last),
        orGone);
  }
}
