package dev.kintsugi.runtime.internal.event;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.Parameters;
import dev.kintsugi.runtime.persistence.MissingEventsException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The journal's tables, under the names that Pekko Persistence JDBC's section {@code jdbc-journal}
 * gives them, and what is read from and deleted in them. (The append is the writer's: it is one
 * statement with the consult.) Every method works in the caller's transaction.
 */
public final class EventJournal {

  /** The columns that statements built elsewhere name. */
  public enum Column {
    ORDERING,
    PERSISTENCE_ID,
    SEQUENCE_NUMBER,
    DELETED,
    WRITE_TIMESTAMP
  }

  /** Of so many streams in a transaction. */
  private static final int DELETIONS_AT_ONCE = 100;

  private final Map<Column, String> columns;
  private final String table;
  private final String tagTable;
  private final Supplier<TagLayout> tagLayout;
  private final JournalTables names;
  private final SequenceGaps gaps;
  private final Deletions deletions;
  private final String rowColumns;
  private final String insertColumns;

  private final String selectByOrdering;
  private final String selectStream;
  private final String highest;
  private final String survey;
  private final String deletedStreams;

  /**
   * Builds the statements.
   *
   * @param names as the configuration gives them
   * @param tagLayout as the database has it
   */
  public EventJournal(JournalTables names, TagLayout tagLayout) {
    this(names, () -> tagLayout);
  }

  /**
   * Builds the statements, but for those that depend on what the database has: it may not be there
   * yet.
   *
   * @param tagLayout asked for when tags are read or written, and may ask the database then
   */
  public EventJournal(JournalTables names, Supplier<TagLayout> tagLayout) {
    this.names = names;
    this.gaps = new SequenceGaps(names);
    this.deletions = new Deletions(names);
    this.tagLayout = tagLayout;
    String ordering = names.ordering();
    String persistenceId = names.persistenceId();
    String sequenceNumber = names.sequenceNumber();
    String deleted = names.deleted();

    columns =
        Map.of(
            Column.ORDERING,
            ordering,
            Column.PERSISTENCE_ID,
            persistenceId,
            Column.SEQUENCE_NUMBER,
            sequenceNumber,
            Column.DELETED,
            deleted,
            Column.WRITE_TIMESTAMP,
            names.writeTimestamp());
    table = names.table();
    tagTable = names.tags().table();
    insertColumns =
        String.join(
            ", ",
            List.of(
                persistenceId,
                sequenceNumber,
                names.writer(),
                names.writeTimestamp(),
                names.adapterManifest(),
                names.eventSerId(),
                names.eventSerManifest(),
                names.eventPayload(),
                names.metaSerId(),
                names.metaSerManifest(),
                names.metaPayload()));
    rowColumns = ordering + ", " + insertColumns;

    String select = "SELECT " + rowColumns + " FROM " + table;
    String ofStream = " WHERE " + persistenceId + " = ?";
    selectByOrdering = select + " WHERE " + ordering + " = ANY (?) AND NOT " + deleted;
    selectStream =
        select
            + ofStream
            + """
               AND %1$s >= ? AND %1$s <= ? AND NOT %2$s
              AND %1$s > COALESCE((SELECT up_to FROM kintsugi_deletion WHERE persistence_id = ?), 0)
            ORDER BY %1$s LIMIT ?
            """
                .formatted(sequenceNumber, deleted);
    highest = "SELECT max(%s) FROM %s".formatted(sequenceNumber, table) + ofStream;
    survey =
        """
        SELECT count(*) FILTER (WHERE NOT %1$s), COALESCE(sum(%2$s) FILTER (WHERE %1$s), 0),
          count(*) FILTER (WHERE %1$s)
        FROM %3$s
        """
            .formatted(deleted, sequenceNumber, table);
    deletedStreams =
        "SELECT %s FROM %s WHERE %s ORDER BY 1 LIMIT ?".formatted(persistenceId, table, deleted);
  }

  /** A column, quoted. */
  public String column(Column column) {
    return Objects.requireNonNull(columns.get(column));
  }

  /** The journal table, quoted, for statements that are built elsewhere. */
  public String table() {
    return table;
  }

  /** The events, in the order in which they are read. */
  public NumberedTable orderings() {
    return names.orderings();
  }

  /** The tag table, quoted. */
  public String tagTable() {
    return tagTable;
  }

  /** The tag table's column of tags, quoted. */
  public String tagColumn() {
    return names.tags().tag();
  }

  /**
   * The condition under which a row of the tag table is a tag of an event, in either layout of that
   * table; both of its sides have an index there.
   *
   * @param tags the alias of the tag table in the statement
   * @param events the alias of the journal table, or of whatever has its columns
   */
  public String isTagOf(String tags, String events) {
    return switch (tagLayout.get().key()) {
      case EVENT_ID ->
          "%s.%s = %s.%s".formatted(tags, names.tags().eventId(), events, names.ordering());
      case STREAM ->
          "%s.%s = %s.%s AND %1$s.%s = %3$s.%s"
              .formatted(
                  tags,
                  names.tags().persistenceId(),
                  events,
                  names.persistenceId(),
                  names.tags().sequenceNumber(),
                  names.sequenceNumber());
    };
  }

  /** The columns of the tag table that say which event a tag is of, for an insert. */
  public List<String> tagKeyColumns() {
    return tagKey(
        names.tags().eventId(), names.tags().persistenceId(), names.tags().sequenceNumber());
  }

  /** The journal's columns that {@link #tagKeyColumns()} take their values from, in that order. */
  public List<String> tagKeySources() {
    return tagKey(names.ordering(), names.persistenceId(), names.sequenceNumber());
  }

  private List<String> tagKey(String eventId, String persistenceId, String sequenceNumber) {
    Set<TagLayout.Key> filled = tagLayout.get().filled();
    List<String> key = new ArrayList<>();
    if (filled.contains(TagLayout.Key.EVENT_ID)) {
      key.add(eventId);
    }
    if (filled.contains(TagLayout.Key.STREAM)) {
      key.add(persistenceId);
      key.add(sequenceNumber);
    }
    return key;
  }

  /** The columns that an append fills, in the order of the append's arrays. */
  public String insertColumns() {
    return insertColumns;
  }

  /** The columns that {@link #read} takes, in its order. */
  public String rowColumns() {
    return rowColumns;
  }

  /** Reads the current row of a result whose columns are {@link #rowColumns()}. */
  public static EventRow read(ResultSet row) throws SQLException {
    return new EventRow(
        row.getLong(1),
        row.getString(2),
        row.getLong(3),
        row.getString(4),
        row.getLong(5),
        orEmpty(row.getString(6)),
        new SerializedPayload(row.getInt(7), row.getString(8), row.getBytes(9)),
        metadata(row));
  }

  private static @Nullable SerializedPayload metadata(ResultSet row) throws SQLException {
    byte[] bytes = row.getBytes(12);
    return bytes == null
        ? null
        : new SerializedPayload(row.getInt(10), orEmpty(row.getString(11)), bytes);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  /**
   * The events at some orderings, in no particular order; one that was deleted is not among them.
   */
  public List<EventRow> at(Connection connection, Collection<Long> orderings) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(selectByOrdering)) {
      new Parameters(select).longs(orderings, ordering -> ordering);
      List<EventRow> rows = new ArrayList<>(orderings.size());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          rows.add(read(row));
        }
      }
      return rows;
    }
  }

  private String selectTags() {
    return "SELECT e.%s, t.%s FROM %s e JOIN %s t ON %s WHERE e.%1$s = ANY (?)"
        .formatted(names.ordering(), tagColumn(), table, tagTable, isTagOf("t", "e"));
  }

  /**
   * The tags of some events, by their orderings; one that has none is not among them. One query,
   * for callers with a projection that subscribes by tag.
   */
  public Map<Long, Set<String>> tagsOf(Connection connection, Collection<EventRow> rows)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(selectTags())) {
      new Parameters(select).longs(rows, EventRow::ordering);
      Map<Long, Set<String>> tags = new HashMap<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          tags.computeIfAbsent(row.getLong(1), ordering -> new HashSet<>()).add(row.getString(2));
        }
      }
      return tags;
    }
  }

  /**
   * Hands on the events of a stream in sequence, fetched from the server in portions. One that the
   * application has deleted is not among them, also where it still waits to be deleted.
   *
   * @param from the first sequence number, 1 or what comes behind a snapshot
   * @param max how many events at the most
   * @throws MissingEventsException at the first gap that nothing explains: neither a deletion nor a
   *     rejected event. What comes before it was handed on by then.
   */
  public void replay(
      Connection connection,
      String persistenceId,
      long from,
      long to,
      long max,
      Consumer<EventRow> each)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(selectStream)) {
      select.setFetchSize(500);
      select.setString(1, persistenceId);
      select.setLong(2, from);
      select.setLong(3, to);
      select.setString(4, persistenceId);
      select.setLong(5, max);
      long next = Math.max(1, from);
      long found = 0;
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          EventRow event = read(row);
          refuseGap(connection, persistenceId, found == 0, next, event.sequenceNumber(), to);
          each.accept(event);
          next = event.sequenceNumber() + 1;
          found++;
        }
      }
      if (found < max && next <= to) {
        long behind = gaps.firstFrom(connection, persistenceId, next);
        refuseGap(connection, persistenceId, found == 0, next, behind, to);
      }
    }
  }

  private void refuseGap(
      Connection connection,
      String persistenceId,
      boolean atTheBeginning,
      long first,
      long behind,
      long to)
      throws SQLException {
    long last = Math.min(behind - 1, to);
    if (first > last) {
      return;
    }
    if (atTheBeginning) {
      gaps.refuseAtTheBeginning(connection, persistenceId, first, last, behind);
    } else {
      gaps.refuse(connection, persistenceId, first, last);
    }
  }

  /** The highest sequence number that a stream ever had; 0 if it has none. */
  public long highestSequenceNumber(Connection connection, String persistenceId)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(highest)) {
      select.setString(1, persistenceId);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /**
   * Deletes a stream's events up to a sequence number; no actor sees them any more. What an open
   * skip record or a replay still needs, and what is behind it, stays in the table until that has
   * ended. The highest event that is deleted stays and is marked, as Pekko Persistence JDBC does
   * it, so that the stream's highest sequence number never goes down.
   *
   * <p>The caller's transaction must have read nothing before.
   */
  public void deleteUpTo(Connection connection, String persistenceId, long sequenceNumber)
      throws SQLException {
    deletions.upTo(connection, persistenceId, sequenceNumber);
  }

  /** Carries out the deletions that had to wait and need not any more, some in a transaction. */
  public void carryOutDeletions(Database database) throws Exception {
    if (!database.inTransaction(deletions::anyWaits)) {
      return;
    }
    while (database.inTransaction(connection -> deletions.carryOut(connection, DELETIONS_AT_ONCE))
        == DELETIONS_AT_ONCE) {
      // There may be more.
    }
  }

  /** The journal's highest ordering that this transaction sees; 0 if the journal is empty. */
  public long maxOrdering(Connection connection) throws SQLException {
    return orderings().highest(connection);
  }

  /**
   * What the journal holds.
   *
   * @param events how many events can be read
   * @param deleted how many the application has deleted
   * @param deletedStreams of how many streams
   * @param someDeletedStreams the persistence ids of the first of these
   */
  public record Survey(
      long events, long deleted, long deletedStreams, List<String> someDeletedStreams) {}

  /**
   * Counts the journal's events. Reads the whole table, so it takes a second per million events or
   * so.
   */
  public Survey survey(Connection connection, int streamsToName) throws SQLException {
    List<String> streams = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(deletedStreams)) {
      select.setInt(1, streamsToName);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          streams.add(row.getString(1));
        }
      }
    }
    try (PreparedStatement select = connection.prepareStatement(survey);
        ResultSet row = select.executeQuery()) {
      row.next();
      return new Survey(row.getLong(1), row.getLong(2), row.getLong(3), streams);
    }
  }
}
