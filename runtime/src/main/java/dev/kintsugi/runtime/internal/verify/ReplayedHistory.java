package dev.kintsugi.runtime.internal.verify;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The events that a read model should show, page by page, as one snapshot has them. */
final class ReplayedHistory {

  private static final String DISCARDED =
      """
      SELECT ordering FROM kintsugi_skip_archive
      WHERE projection = ? AND generation = ? AND outcome = 'discarded'
      """;

  private final EventJournal journal;
  private final EventCodec codec;
  private final Projection<?> projection;
  private final Generation generation;
  private final Connection snapshot;
  private final String page;
  private final String highest;
  private final long end;

  /** All of them: the archive has no index by ordering, and few were given up. */
  private final Set<Long> discarded;

  private long last;
  private long applied;
  private long open;
  private long leftOutAsDiscarded;

  /**
   * The history of a generation.
   *
   * @param snapshot in a transaction on REPEATABLE READ
   */
  ReplayedHistory(
      EventJournal journal,
      EventCodec codec,
      Projection<?> projection,
      Generation generation,
      Connection snapshot)
      throws SQLException {
    this.journal = journal;
    this.codec = codec;
    this.projection = projection;
    this.generation = generation;
    this.snapshot = snapshot;
    this.page =
        "SELECT %2$s FROM %3$s WHERE %1$s > ? AND %1$s <= ? AND NOT %4$s ORDER BY %1$s LIMIT ?"
            .formatted(
                journal.column(EventJournal.Column.ORDERING),
                journal.rowColumns(),
                journal.table(),
                journal.column(EventJournal.Column.DELETED));
    this.highest =
        "SELECT COALESCE(max(%s), 0) FROM %s WHERE NOT %s"
            .formatted(
                journal.column(EventJournal.Column.ORDERING),
                journal.table(),
                journal.column(EventJournal.Column.DELETED));
    this.discarded = discarded();
    this.end =
        generation.status() == Status.FOLLOWING
            ? Cursors.find(snapshot, generation.projection(), generation.generation()).orElse(0)
            : highest();
  }

  /**
   * The highest ordering that there is to look at: of one that follows, where its cursor stands.
   */
  long end() {
    return end;
  }

  private long highest() throws SQLException {
    try (PreparedStatement select = snapshot.prepareStatement(highest);
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /**
   * Some events.
   *
   * @param looked how many there were in the journal
   * @param events those of them that are to be applied
   */
  record Page(int looked, List<JournalEvent> events) {}

  /** The next so many events. */
  Page next(int size) throws SQLException {
    List<EventRow> rows = rows(size);
    if (rows.isEmpty()) {
      return new Page(0, List.of());
    }
    long before = last;
    last = rows.get(rows.size() - 1).ordering();
    Set<Long> recorded =
        SkipRecords.orderings(
            snapshot, generation.projection(), generation.generation(), before, last);
    Map<Long, Set<String>> tags =
        projection.subscription().isByTag() ? journal.tagsOf(snapshot, rows) : Map.of();
    List<JournalEvent> events = new ArrayList<>(rows.size());
    for (EventRow row : rows) {
      if (recorded.contains(row.ordering())) {
        open++;
      } else if (discarded.contains(row.ordering())) {
        leftOutAsDiscarded++;
      } else {
        events.add(codec.decode(row, tags.getOrDefault(row.ordering(), Set.of())));
      }
    }
    return new Page(rows.size(), events);
  }

  private List<EventRow> rows(int size) throws SQLException {
    try (PreparedStatement select = snapshot.prepareStatement(page)) {
      select.setLong(1, last);
      select.setLong(2, end);
      select.setInt(3, size);
      List<EventRow> rows = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          rows.add(EventJournal.read(row));
        }
      }
      return rows;
    }
  }

  private Set<Long> discarded() throws SQLException {
    try (PreparedStatement select = snapshot.prepareStatement(DISCARDED)) {
      select.setString(1, generation.projection());
      select.setInt(2, generation.generation());
      Set<Long> orderings = new HashSet<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          orderings.add(row.getLong(1));
        }
      }
      return orderings;
    }
  }

  /** So many more events were applied. */
  void applied(int events) {
    applied += events;
  }

  /** How many were applied so far. */
  long applied() {
    return applied;
  }

  /** How far it has been looked at. */
  VerificationListener.Progress progress() {
    return new VerificationListener.Progress(last, applied, open, leftOutAsDiscarded);
  }

  /** How many were left out so far for an open skip record. */
  long open() {
    return open;
  }

  /** How many were left out so far as discarded. */
  long leftOutAsDiscarded() {
    return leftOutAsDiscarded;
  }
}
