package dev.kintsugi.runtime.rebuild;

import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.JournalEvent;
import dev.kintsugi.runtime.handler.HandlerException;
import dev.kintsugi.runtime.skip.NewSkip;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.skip.SkipRecords;
import dev.kintsugi.runtime.state.Rebuild;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/**
 * What a replay records of events that can't be applied, in the transaction that moves the
 * checkpoint past them.
 */
final class ReplayFailures {

  private final String recordRestOfStream;

  ReplayFailures(EventJournal journal) {
    this.recordRestOfStream =
        "INSERT INTO kintsugi_skip (projection, generation, persistence_id, sequence_number, ordering,"
            + " reason) SELECT ?, ?, %1$s, %2$s, %3$s, 'BEHIND' FROM %4$s WHERE %1$s = ? AND %2$s > ? AND %3$s <= ? AND NOT %5$s"
                .formatted(
                    journal.column(EventJournal.Column.PERSISTENCE_ID),
                    journal.column(EventJournal.Column.SEQUENCE_NUMBER),
                    journal.column(EventJournal.Column.ORDERING),
                    journal.table(),
                    journal.column(EventJournal.Column.DELETED))
            + " ON CONFLICT (projection, generation, persistence_id, sequence_number) DO NOTHING";
  }

  /**
   * The event as FAILED, and what follows in its stream up to R as BEHIND: the order stays.
   *
   * @return how many were recorded as BEHIND
   */
  int record(Connection connection, Rebuild rebuild, JournalEvent event, HandlerException error)
      throws SQLException {
    SkipRecords.insert(
        connection,
        List.of(
            new NewSkip(
                rebuild.projection(),
                rebuild.generation(),
                event.persistenceId(),
                event.sequenceNumber(),
                event.ordering(),
                SkipReason.FAILED,
                new NewSkip.Failure(error.describe(), error.policy().pauseAfter(1)))));
    try (PreparedStatement insert = connection.prepareStatement(recordRestOfStream)) {
      insert.setString(1, rebuild.projection());
      insert.setInt(2, rebuild.generation());
      insert.setString(3, event.persistenceId());
      insert.setLong(4, event.sequenceNumber());
      insert.setLong(5, rebuild.replayTo());
      return insert.executeUpdate();
    }
  }
}
