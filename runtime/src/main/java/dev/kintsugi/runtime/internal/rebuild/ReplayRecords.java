package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.skip.NewSkip;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.skip.SkipReason;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The records that a replay makes of events that it can't apply, and of those behind them in their
 * streams: so the order stays. They are written in one statement, in the transaction that moves the
 * checkpoint past these events. Of what follows further on in such a stream {@link PageReader}
 * finds out by the records that there are: no transaction has to record a whole stream.
 */
final class ReplayRecords {

  /** So many take about a second to write, and a transaction should not take much longer. */
  private static final int MANY = 10_000;

  /** About what a record takes in memory, beside its texts. */
  private static final int BYTES = 200;

  private final String projection;
  private final int generation;
  private final List<NewSkip> records = new ArrayList<>();

  /** Streams of which an event failed: a page that was read before knows nothing of it. */
  private final Set<String> blocked = new HashSet<>();

  private int failed;
  private long bytes;

  ReplayRecords(String projection, int generation) {
    this.projection = projection;
    this.generation = generation;
  }

  /** Whether an event of this stream failed: then its later ones are behind it. */
  boolean blocks(String persistenceId) {
    return blocked.contains(persistenceId);
  }

  void failed(JournalEvent event, HandlerException error) {
    String text = error.describe();
    add(
        event.persistenceId(),
        event.sequenceNumber(),
        event.ordering(),
        SkipReason.FAILED,
        new NewSkip.Failure(text, error.policy().pauseAfter(1)));
    blocked.add(event.persistenceId());
    bytes += 2L * text.length();
    failed++;
  }

  void behind(JournalEvent event) {
    add(event.persistenceId(), event.sequenceNumber(), event.ordering(), SkipReason.BEHIND, null);
  }

  /** Of a page's events that are behind older records: those before an ordering. */
  void behind(ReplayPage page, long before) {
    for (ReplayPage.Behind event : page.behind()) {
      if (event.ordering() < before) {
        add(
            event.persistenceId(),
            event.sequenceNumber(),
            event.ordering(),
            SkipReason.BEHIND,
            null);
      }
    }
  }

  private void add(
      String persistenceId,
      long sequenceNumber,
      long ordering,
      SkipReason reason,
      NewSkip.@Nullable Failure failure) {
    records.add(
        new NewSkip(
            projection, generation, persistenceId, sequenceNumber, ordering, reason, failure));
    bytes += BYTES + 2L * persistenceId.length();
  }

  boolean isEmpty() {
    return records.isEmpty();
  }

  /** Whether they had better be written before there are more. */
  boolean areMany() {
    return records.size() >= MANY;
  }

  /** About how many bytes they take in memory. */
  long bytes() {
    return bytes;
  }

  /** How many events failed. */
  int failed() {
    return failed;
  }

  /** How many are behind a failed one. */
  int behind() {
    return records.size() - failed;
  }

  void write(Connection connection) throws SQLException {
    SkipRecords.insert(connection, records);
  }

  void clear() {
    records.clear();
    blocked.clear();
    failed = 0;
    bytes = 0;
  }
}
