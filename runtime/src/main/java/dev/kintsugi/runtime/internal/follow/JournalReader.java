package dev.kintsugi.runtime.internal.follow;

import static dev.kintsugi.runtime.internal.jdbc.StatementResults.BY_INDEX;

import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.jdbc.StatementResults;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the journal a page at a time, in the caller's transaction, which takes no id. */
public final class JournalReader {

  /** Where payloads are large a page has fewer events. */
  private static final long PAGE_BYTES = 4 << 20;

  private final EventJournal journal;
  private final EventCodec codec;
  private final String page;

  /** About what an event took in the last page. */
  private volatile long eventBytes = 16 << 10;

  public JournalReader(EventJournal journal, EventCodec codec) {
    this.journal = journal;
    this.codec = codec;
    this.page =
        BY_INDEX
            + "SELECT %2$s FROM %3$s WHERE %1$s > ? AND %1$s <= ? AND NOT %4$s ORDER BY %1$s LIMIT ?"
                .formatted(
                    journal.column(EventJournal.Column.ORDERING),
                    journal.rowColumns(),
                    journal.table(),
                    journal.column(EventJournal.Column.DELETED));
  }

  /**
   * The next events behind an ordering.
   *
   * @param upTo all up to here is final
   * @param size how many at most
   * @param isTagged whether their tags are read, too
   */
  public JournalPage read(Connection connection, long after, long upTo, int size, boolean isTagged)
      throws SQLException {
    int limit = (int) Math.max(1, Math.min(size, PAGE_BYTES / eventBytes));
    List<EventRow> rows = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(page)) {
      select.setLong(1, after);
      select.setLong(2, upTo);
      select.setInt(3, limit);
      ResultSet row = StatementResults.byIndex(select);
      while (row.next()) {
        rows.add(EventJournal.read(row));
      }
    }
    Map<Long, Set<String>> tags =
        isTagged && !rows.isEmpty() ? journal.tagsOf(connection, rows) : Map.of();
    List<SharedEvent> events = new ArrayList<>(rows.size());
    for (EventRow row : rows) {
      events.add(new SharedEvent(row, tags.getOrDefault(row.ordering(), Set.of()), codec));
    }
    long end = rows.size() < limit ? upTo : rows.get(rows.size() - 1).ordering();
    JournalPage read = new JournalPage(after, end, events, isTagged);
    if (!events.isEmpty()) {
      eventBytes = Math.max(1, read.bytes() / events.size());
    }
    return read;
  }
}
