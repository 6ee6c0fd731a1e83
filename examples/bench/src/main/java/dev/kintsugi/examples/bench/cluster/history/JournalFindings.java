package dev.kintsugi.examples.bench.cluster.history;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * The journal beside what was acknowledged.
 *
 * @param lost acknowledged, and not in the journal by its number in its stream
 * @param doubled events that are about a commit which their stream has an event about already
 * @param strangers in the journal, and not acknowledged
 */
public record JournalFindings(long events, long lost, long doubled, long strangers) {

  private record Once(String stream, String commit) {}

  static JournalFindings compare(
      Collection<StoredChange> journal, Collection<StoredChange> acknowledged) {
    Set<StoredChange> stored = new HashSet<>(journal);
    Set<StoredChange> expected = new HashSet<>(acknowledged);
    long once =
        journal.stream().map(event -> new Once(event.stream(), event.commit())).distinct().count();
    return new JournalFindings(
        journal.size(),
        expected.stream().filter(event -> !stored.contains(event)).count(),
        journal.size() - once,
        journal.stream().filter(event -> !expected.contains(event)).count());
  }
}
