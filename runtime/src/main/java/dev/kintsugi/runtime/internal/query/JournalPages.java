package dev.kintsugi.runtime.internal.query;

import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventJournal.Column;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.query.FinalPages.Page;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Reads the journal a page at a time, in the caller's transaction. It first looks which events a
 * query is about, by what is in indexes or short, and then reads the payloads of just these.
 */
public final class JournalPages {

  private record Entry(long ordering, String persistenceId) {}

  private final EventJournal journal;
  private final int size;
  private final String written;
  private final String persistenceIds;
  private final String lastSequenceNumber;

  /**
   * Builds the statements.
   *
   * @param size how many events a page looks at
   */
  public JournalPages(EventJournal journal, int size) {
    this.journal = journal;
    this.size = size;
    String ordering = journal.column(Column.ORDERING);
    String persistenceId = journal.column(Column.PERSISTENCE_ID);
    String deleted = journal.column(Column.DELETED);
    this.written =
        "SELECT %1$s, %2$s FROM %3$s WHERE %1$s > ? AND %1$s <= ? AND NOT %4$s ORDER BY %1$s LIMIT ?"
            .formatted(ordering, persistenceId, journal.table(), deleted);
    this.lastSequenceNumber =
        "SELECT %1$s FROM %2$s WHERE %3$s = ? AND NOT %4$s ORDER BY %1$s DESC LIMIT 1"
            .formatted(
                journal.column(Column.SEQUENCE_NUMBER), journal.table(), persistenceId, deleted);
    // Jumps from stream to stream in the primary key, however long the streams are.
    this.persistenceIds =
        """
        WITH RECURSIVE ids(id) AS (
          (SELECT %1$s FROM %2$s WHERE %1$s > ? AND NOT %3$s ORDER BY %1$s LIMIT 1)
          UNION ALL
          SELECT (SELECT %1$s FROM %2$s WHERE %1$s > ids.id AND NOT %3$s ORDER BY %1$s LIMIT 1)
          FROM ids WHERE ids.id IS NOT NULL)
        SELECT id FROM ids WHERE id IS NOT NULL LIMIT ?
        """
            .formatted(persistenceId, journal.table(), deleted);
  }

  private String selectTagged() {
    return """
        SELECT e.%1$s FROM %2$s t JOIN %3$s e ON %4$s
        WHERE t.%5$s = ? AND e.%1$s > ? AND e.%1$s <= ? AND NOT e.%6$s ORDER BY e.%1$s LIMIT ?
        """
        .formatted(
            journal.column(Column.ORDERING),
            journal.tagTable(),
            journal.table(),
            journal.isTagOf("t", "e"),
            journal.tagColumn(),
            journal.column(Column.DELETED));
  }

  /** The events of a tag with after &lt; ordering &lt;= upTo. */
  public Page<EventRow> tagged(Connection connection, String tag, long after, long upTo)
      throws SQLException {
    List<Long> orderings = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(selectTagged())) {
      select.setString(1, tag);
      select.setLong(2, after);
      select.setLong(3, upTo);
      select.setInt(4, size);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          orderings.add(row.getLong(1));
        }
      }
    }
    long position = orderings.size() < size ? upTo : orderings.get(orderings.size() - 1);
    return new Page<>(at(connection, orderings), position);
  }

  /** The events of the streams that are wanted, with after &lt; ordering &lt;= upTo. */
  public Page<EventRow> ofStreams(
      Connection connection, Predicate<String> wanted, long after, long upTo) throws SQLException {
    Page<Entry> entries = entries(connection, after, upTo);
    List<Long> orderings =
        entries.elements().stream()
            .filter(entry -> wanted.test(entry.persistenceId()))
            .map(Entry::ordering)
            .toList();
    return new Page<>(at(connection, orderings), entries.position());
  }

  /** The streams written to with after &lt; ordering &lt;= upTo, each as often as it was. */
  public Page<String> streamsWritten(Connection connection, long after, long upTo)
      throws SQLException {
    Page<Entry> entries = entries(connection, after, upTo);
    return new Page<>(
        entries.elements().stream().map(Entry::persistenceId).distinct().toList(),
        entries.position());
  }

  private Page<Entry> entries(Connection connection, long after, long upTo) throws SQLException {
    List<Entry> entries = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(written)) {
      select.setLong(1, after);
      select.setLong(2, upTo);
      select.setInt(3, size);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          entries.add(new Entry(row.getLong(1), row.getString(2)));
        }
      }
    }
    long position = entries.size() < size ? upTo : entries.get(entries.size() - 1).ordering();
    return new Page<>(entries, position);
  }

  private List<EventRow> at(Connection connection, List<Long> orderings) throws SQLException {
    if (orderings.isEmpty()) {
      return List.of();
    }
    List<EventRow> rows = new ArrayList<>(journal.at(connection, orderings));
    rows.sort(Comparator.comparingLong(EventRow::ordering));
    return rows;
  }

  /** The first of a stream's events with from &lt;= sequence number &lt;= to. */
  public List<EventRow> ofStream(Connection connection, String persistenceId, long from, long to)
      throws SQLException {
    List<EventRow> rows = new ArrayList<>();
    journal.replay(connection, persistenceId, from, to, size, rows::add);
    return rows;
  }

  /** The persistence ids behind one in the database's order; the first ones behind "". */
  public List<String> persistenceIds(Connection connection, String after) throws SQLException {
    List<String> ids = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(persistenceIds)) {
      select.setString(1, after);
      select.setInt(2, size);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          ids.add(row.getString(1));
        }
      }
    }
    return ids;
  }

  /** The highest sequence number of a stream's events that can be read. */
  public Optional<Long> lastSequenceNumber(Connection connection, String persistenceId)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(lastSequenceNumber)) {
      select.setString(1, persistenceId);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
      }
    }
  }
}
