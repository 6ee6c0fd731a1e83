package dev.kintsugi.runtime.writer;

import static dev.kintsugi.runtime.jdbc.Results.AS_BEFORE;
import static dev.kintsugi.runtime.jdbc.Results.USE_INDEXES;
import static java.util.stream.Collectors.joining;

import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.EventRow;
import dev.kintsugi.runtime.event.NewEvent;
import dev.kintsugi.runtime.event.Serialized;
import dev.kintsugi.runtime.jdbc.Results;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Status;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Steps 1 to 3 of the writer's protocol (DESIGN 5) in one round trip: take an id, append, consult.
 *
 * <p>They are statements of their own, in this order, each with a snapshot of its own. The id comes
 * first, so that a fence taken after a change of status waits for every writer that read the older
 * one; the consult comes after it, so that no writer with an id above the fence can read the older
 * one. Tags are a part of the append: they cost no round trip of their own.
 */
final class AppendAndConsult {

  private static final Set<String> SAFE_ISOLATION = Set.of("read committed", "read uncommitted");

  private static final String TAKE_ID =
      "SELECT pg_current_xact_id(), current_setting('transaction_isolation'), "
          + USE_INDEXES
          + "; ";

  private static final String CONSULT =
      """
      SELECT p.projection, p.generation, p.status, p.paused, p.version,
        o.persistence_id, o.count, o.held
      FROM kintsugi_projection p
      LEFT JOIN LATERAL (
        SELECT u.persistence_id, count(*) AS count,
          bool_or(s.parked_at IS NOT NULL OR s.next_attempt_at > statement_timestamp()) AS held
        FROM unnest(?::text[]) AS u(persistence_id)
        CROSS JOIN LATERAL (
          SELECT r.parked_at, r.next_attempt_at FROM kintsugi_skip r
          WHERE r.projection = p.projection AND r.generation = p.generation
            AND r.persistence_id = u.persistence_id
          ORDER BY r.sequence_number LIMIT ?) s
        WHERE p.status = 'active' AND NOT p.paused
        GROUP BY u.persistence_id) o ON TRUE
      ORDER BY p.projection, p.generation
      """;

  private static final String APPENDED =
      "?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::text[],"
          + " ?::int[], ?::text[], ?::bytea[], ?::int[], ?::text[], ?::bytea[]";

  private static final int APPEND_PARAMETERS = 11;
  private static final int TAG_PARAMETERS = 3;

  private final String sql;
  private final String sqlWithTags;
  private final int helpLimit;

  AppendAndConsult(EventJournal journal, int helpLimit) {
    this.helpLimit = helpLimit;
    String ordering = journal.column(EventJournal.Column.ORDERING);
    String append =
        "INSERT INTO %s (%s) SELECT * FROM unnest(%s)"
            .formatted(journal.table(), journal.insertColumns(), APPENDED);
    String appendWithTags =
        """
        WITH appended AS (%s RETURNING %s),
        tagged AS (
          INSERT INTO %s (%s, %s)
          SELECT %s, t.tag FROM unnest(?::text[], ?::bigint[], ?::text[]) AS t(persistence_id, sequence_number, tag)
          JOIN appended ON appended.%s = t.persistence_id AND appended.%s = t.sequence_number)
        SELECT %s FROM appended
        """
            .formatted(
                append,
                returnedForTags(journal),
                journal.tagTable(),
                String.join(", ", journal.tagKeyColumns()),
                journal.tagColumn(),
                journal.tagKeySources().stream()
                    .map(column -> "appended." + column)
                    .collect(joining(", ")),
                journal.column(EventJournal.Column.PERSISTENCE_ID),
                journal.column(EventJournal.Column.SEQUENCE_NUMBER),
                ordering);
    this.sql = TAKE_ID + append + " RETURNING " + ordering + "; " + CONSULT + AS_BEFORE;
    this.sqlWithTags = TAKE_ID + appendWithTags + "; " + CONSULT + AS_BEFORE;
  }

  private static String returnedForTags(EventJournal journal) {
    return Stream.of(
            EventJournal.Column.ORDERING,
            EventJournal.Column.PERSISTENCE_ID,
            EventJournal.Column.SEQUENCE_NUMBER)
        .map(journal::column)
        .collect(joining(", "));
  }

  /**
   * Appends events with their tags, and consults.
   *
   * @throws UnsafeTransactionException if the transaction's isolation is not the protocol's
   * @throws SQLException if the database says no; a unique violation here is a conflict in the
   *     journal, as nothing else has been written by then
   */
  Consulted run(Connection connection, List<NewEvent> events) throws SQLException {
    if (connection.getAutoCommit()) {
      throw new UnsafeTransactionException("in autocommit");
    }
    boolean tagged = events.stream().anyMatch(event -> !event.tags().isEmpty());
    try (PreparedStatement statement = connection.prepareStatement(tagged ? sqlWithTags : sql)) {
      bindAppend(statement, events);
      if (tagged) {
        bindTags(statement, events);
      }
      bindConsult(
          statement, events, tagged ? APPEND_PARAMETERS + TAG_PARAMETERS : APPEND_PARAMETERS);
      try (ResultSet id = Results.first(statement)) {
        refuseUnsafeIsolation(id);
      }
      long[] orderings;
      try (ResultSet appended = Results.next(statement)) {
        orderings = readOrderings(appended, events.size());
      }
      try (ResultSet views = Results.next(statement)) {
        return new Consulted(orderings, readViews(views));
      }
    }
  }

  private static void bindAppend(PreparedStatement statement, List<NewEvent> events)
      throws SQLException {
    bind(statement, 1, "text", events, EventRow::persistenceId);
    bind(statement, 2, "int8", events, EventRow::sequenceNumber);
    bind(statement, 3, "text", events, EventRow::writer);
    bind(statement, 4, "int8", events, EventRow::timestamp);
    bind(statement, 5, "text", events, EventRow::adapterManifest);
    bind(statement, 6, "int4", events, row -> row.event().serializerId());
    bind(statement, 7, "text", events, row -> row.event().manifest());
    bindBytes(statement, 8, events, EventRow::event);
    bind(statement, 9, "int4", events, row -> metadata(row, Serialized::serializerId));
    bind(statement, 10, "text", events, row -> metadata(row, Serialized::manifest));
    bindBytes(statement, 11, events, EventRow::metadata);
  }

  private static void bindTags(PreparedStatement statement, List<NewEvent> events)
      throws SQLException {
    List<String> persistenceIds = new ArrayList<>();
    List<Long> sequenceNumbers = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (NewEvent event : events) {
      for (String tag : event.tags()) {
        persistenceIds.add(event.row().persistenceId());
        sequenceNumbers.add(event.row().sequenceNumber());
        tags.add(tag);
      }
    }
    Connection connection = statement.getConnection();
    statement.setArray(
        APPEND_PARAMETERS + 1, connection.createArrayOf("text", persistenceIds.toArray()));
    statement.setArray(
        APPEND_PARAMETERS + 2, connection.createArrayOf("int8", sequenceNumbers.toArray()));
    statement.setArray(APPEND_PARAMETERS + 3, connection.createArrayOf("text", tags.toArray()));
  }

  private void bindConsult(PreparedStatement statement, List<NewEvent> events, int before)
      throws SQLException {
    Object[] streams =
        events.stream().map(event -> event.row().persistenceId()).distinct().toArray();
    statement.setArray(before + 1, statement.getConnection().createArrayOf("text", streams));
    statement.setInt(before + 2, helpLimit + 1);
  }

  private static void bind(
      PreparedStatement statement,
      int index,
      String type,
      List<NewEvent> events,
      Function<EventRow, @Nullable Object> column)
      throws SQLException {
    Object[] values = new Object[events.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = column.apply(events.get(i).row());
    }
    statement.setArray(index, statement.getConnection().createArrayOf(type, values));
  }

  private static void bindBytes(
      PreparedStatement statement,
      int index,
      List<NewEvent> events,
      Function<EventRow, @Nullable Serialized> column)
      throws SQLException {
    byte[][] values = new byte[events.size()][];
    for (int i = 0; i < values.length; i++) {
      Serialized serialized = column.apply(events.get(i).row());
      values[i] = serialized == null ? null : serialized.bytes();
    }
    statement.setArray(index, statement.getConnection().createArrayOf("bytea", values));
  }

  private static @Nullable Object metadata(EventRow row, Function<Serialized, Object> part) {
    return row.metadata() == null ? null : part.apply(row.metadata());
  }

  private static void refuseUnsafeIsolation(ResultSet id) throws SQLException {
    id.next();
    String isolation = id.getString(2);
    if (!SAFE_ISOLATION.contains(isolation)) {
      throw new UnsafeTransactionException("on " + isolation.toUpperCase(java.util.Locale.ROOT));
    }
  }

  private static long[] readOrderings(ResultSet appended, int expected) throws SQLException {
    long[] orderings = new long[expected];
    int count = 0;
    while (appended.next() && count < expected) {
      orderings[count++] = appended.getLong(1);
    }
    if (count != expected) {
      throw new IllegalStateException(
          "%d events were to be appended and %d were; the transaction is rolled back"
              .formatted(expected, count));
    }
    return orderings;
  }

  private static List<Consulted.View> readViews(ResultSet row) throws SQLException {
    List<Consulted.View> views = new ArrayList<>();
    Map<String, Consulted.OpenRecords> open = Map.of();
    Generation last = null;
    while (row.next()) {
      Generation generation =
          new Generation(
              row.getString(1),
              row.getInt(2),
              Status.ofTable(row.getString(3)),
              row.getBoolean(4),
              row.getInt(5));
      if (!generation.equals(last)) {
        open = new HashMap<>();
        views.add(new Consulted.View(generation, open));
        last = generation;
      }
      String persistenceId = row.getString(6);
      if (persistenceId != null) {
        open.put(persistenceId, new Consulted.OpenRecords(row.getInt(7), row.getBoolean(8)));
      }
    }
    return views;
  }
}
