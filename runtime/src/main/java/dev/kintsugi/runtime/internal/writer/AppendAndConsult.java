package dev.kintsugi.runtime.internal.writer;

import static dev.kintsugi.runtime.internal.jdbc.StatementResults.AS_BEFORE;
import static dev.kintsugi.runtime.internal.jdbc.StatementResults.USE_INDEXES;
import static java.util.stream.Collectors.joining;

import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import dev.kintsugi.runtime.internal.jdbc.Parameters;
import dev.kintsugi.runtime.internal.jdbc.StatementResults;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.persistence.UnsafeTransactionException;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * Steps 1 to 3 of the writer's protocol (DESIGN 5) in one round trip: take an id, append, consult.
 *
 * <p>They are statements of their own, in this order, each with a snapshot of its own. The id comes
 * first, so that a fence taken after a change of status waits for every writer that read the older
 * one; the consult comes after it, so that no writer with an id above the fence can read the older
 * one. Tags are a part of the append, and where the streams are expected to end is looked at with
 * it: these cost no round trip of their own.
 */
final class AppendAndConsult {

  private static final Set<String> SAFE_ISOLATION = Set.of("read committed", "read uncommitted");

  private static final String TAKE_ID =
      "SELECT pg_current_xact_id(), current_setting('transaction_isolation'), "
          + USE_INDEXES
          + "; ";

  /**
   * The status of every projection that does not follow, and what is open in these streams of
   * active ones. Those that follow are not in the index that this reads, so they cost an append
   * nothing. In the index of open records each stream skips from one projection that it is behind
   * in to the next: mostly there is none, and that is one look-up, however many projections there
   * are.
   *
   * <p>The streams come from a subquery so that PostgreSQL thinks as little of a plan that is made
   * for these streams as of one for any: it takes the latter, and does not plan anew each time.
   */
  private static final String CONSULT =
      """
      SELECT p.projection, p.generation, p.status, p.paused, p.version, p.returns_to,
        p.serving, p.place, o.persistence_id, o.count, o.held
      FROM kintsugi_projection p
      LEFT JOIN (
        WITH RECURSIVE behind AS (
          SELECT u.persistence_id, f.projection, f.generation
          FROM (SELECT unnest((SELECT ?::text[])) AS persistence_id) u
          CROSS JOIN LATERAL (
            SELECT r.projection, r.generation FROM kintsugi_skip r
            WHERE r.persistence_id = u.persistence_id
            ORDER BY r.projection, r.generation LIMIT 1) f
          UNION ALL
          SELECT b.persistence_id, n.projection, n.generation
          FROM behind b
          CROSS JOIN LATERAL (
            SELECT r.projection, r.generation FROM kintsugi_skip r
            WHERE r.persistence_id = b.persistence_id
              AND (r.projection, r.generation) > (b.projection, b.generation)
            ORDER BY r.projection, r.generation LIMIT 1) n)
        SELECT a.projection, a.generation, b.persistence_id, count(*) AS count,
          bool_or(s.attempts > 0) AS held
        FROM behind b
        JOIN kintsugi_projection a ON a.projection = b.projection AND a.generation = b.generation
          AND a.status = 'active' AND NOT a.paused
        CROSS JOIN LATERAL (
          SELECT r.attempts FROM kintsugi_skip r
          WHERE r.projection = a.projection AND r.generation = a.generation
            AND r.persistence_id = b.persistence_id
          ORDER BY r.sequence_number LIMIT ?) s
        GROUP BY a.projection, a.generation, b.persistence_id) o USING (projection, generation)
      WHERE p.status <> 'following'
      ORDER BY p.projection, p.generation
      """;

  /**
   * Rows of many arrays, as a select list. One {@code FROM unnest(…, …)} would be shorter, but
   * PostgreSQL stores each array of that in a place of its own before it reads the first row: for
   * few rows that takes longer than their insert.
   */
  private static final String APPENDED =
      Stream.of(
              "text", "bigint", "text", "bigint", "text", "int", "text", "bytea", "int", "text",
              "bytea")
          .map("unnest(?::%s[])"::formatted)
          .collect(joining(", "));

  /** Which parts a statement has, besides those that each has. */
  private record Shape(boolean tagged, boolean checked) {}

  private final EventJournal journal;
  private final int helpLimit;

  /** Each is built when it is first used: how tags are laid out is known to the database alone. */
  private final Map<Shape, String> sql = new ConcurrentHashMap<>();

  AppendAndConsult(EventJournal journal, int helpLimit) {
    this.journal = journal;
    this.helpLimit = helpLimit;
  }

  private String sqlOf(Shape shape) {
    String known = sql.get(shape);
    return known == null ? sql.computeIfAbsent(shape, this::build) : known;
  }

  private String build(Shape shape) {
    String append = TAKE_ID + (shape.tagged() ? appendWithTags(journal) : append(journal)) + "; ";
    return append + (shape.checked() ? check(journal) + "; " : "") + CONSULT + AS_BEFORE;
  }

  private static String append(EventJournal journal) {
    return insert(journal) + " RETURNING " + journal.column(EventJournal.Column.ORDERING);
  }

  private static String insert(EventJournal journal) {
    return "INSERT INTO %s (%s) SELECT %s"
        .formatted(journal.table(), journal.insertColumns(), APPENDED);
  }

  private static String appendWithTags(EventJournal journal) {
    return """
        WITH appended AS (%s RETURNING %s),
        tagged AS (
          INSERT INTO %s (%s, %s)
          SELECT %s, t.tag FROM (
            SELECT unnest(?::text[]) AS persistence_id, unnest(?::bigint[]) AS sequence_number,
              unnest(?::text[]) AS tag) t
          JOIN appended ON appended.%s = t.persistence_id AND appended.%s = t.sequence_number)
        SELECT %s FROM appended
        """
        .formatted(
            insert(journal),
            returnedForTags(journal),
            journal.tagTable(),
            String.join(", ", journal.tagKeyColumns()),
            journal.tagColumn(),
            journal.tagKeySources().stream()
                .map(column -> "appended." + column)
                .collect(joining(", ")),
            journal.column(EventJournal.Column.PERSISTENCE_ID),
            journal.column(EventJournal.Column.SEQUENCE_NUMBER),
            journal.column(EventJournal.Column.ORDERING));
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
   * Where those streams end, without the events, that may not end where they are expected to. It
   * must be a statement after the append, with a snapshot of its own: what is seen of a stream
   * before may be outdated when its events are let in, and the primary key alone would let them
   * into a gap that another writer and a deletion have left meanwhile. Once ours are in, nobody
   * gets past them.
   *
   * <p>Where a stream ends takes two look-ups in the primary key, each with a good part of the cost
   * of an insert. Mostly one tells that all is well: from the expected end on there are that event
   * and ours, and no others. It would read all of ours, so where these are many, the two are less.
   *
   * <p>OFFSET keeps the two from being planned and run where they are not needed. The arrays come
   * from subqueries for the reason that {@link #CONSULT} has.
   */
  private static String check(EventJournal journal) {
    return """
        SELECT u.persistence_id, COALESCE(
          (SELECT j.%3$s FROM %1$s j WHERE j.%2$s = u.persistence_id AND j.%3$s > u.last
            ORDER BY 1 DESC LIMIT 1),
          (SELECT j.%3$s FROM %1$s j WHERE j.%2$s = u.persistence_id AND j.%3$s < u.first
            ORDER BY 1 DESC LIMIT 1),
          0) AS stream_end
        FROM (
          SELECT * FROM (
            SELECT unnest((SELECT ?::text[])) AS persistence_id,
              unnest((SELECT ?::bigint[])) AS expected, unnest((SELECT ?::bigint[])) AS first,
              unnest((SELECT ?::bigint[])) AS last) asked
          WHERE asked.last - asked.first >= 16 OR (
            SELECT count(*) = asked.last - asked.first + 1 + LEAST(asked.expected, 1)
              AND min(j.%3$s) = CASE asked.expected WHEN 0 THEN asked.first ELSE asked.expected END
            FROM %1$s j
            WHERE j.%2$s = asked.persistence_id AND j.%3$s >= asked.expected) IS NOT TRUE
          OFFSET 0) u
        """
        .formatted(
            journal.table(),
            journal.column(EventJournal.Column.PERSISTENCE_ID),
            journal.column(EventJournal.Column.SEQUENCE_NUMBER));
  }

  /**
   * Appends events with their tags, and consults.
   *
   * @param expected where the streams are expected to end; empty if nothing is expected
   * @throws ConflictException if one of these streams ends elsewhere, and has room for the events
   * @throws UnsafeTransactionException if the transaction's isolation is not the protocol's
   * @throws SQLException if the database says no; a unique violation here is a conflict in the
   *     journal, as nothing else has been written by then
   */
  ConsultedRows run(Connection connection, List<NewEvent> events, List<StreamEnd> expected)
      throws SQLException, ConflictException {
    if (connection.getAutoCommit()) {
      throw new UnsafeTransactionException("in autocommit");
    }
    Shape shape =
        new Shape(events.stream().anyMatch(event -> !event.tags().isEmpty()), !expected.isEmpty());
    try (PreparedStatement statement = connection.prepareStatement(sqlOf(shape))) {
      prepareAtOnce(statement);
      Parameters parameters = new Parameters(statement);
      bindAppend(parameters, events);
      if (shape.tagged()) {
        bindTags(parameters, events);
      }
      if (shape.checked()) {
        bindCheck(parameters, expected);
      }
      bindConsult(parameters, events, expected);
      try (ResultSet id = StatementResults.first(statement)) {
        refuseUnsafeIsolation(id);
      }
      long[] orderings;
      try (ResultSet appended = StatementResults.next(statement)) {
        orderings = readOrderings(appended, events.size());
      }
      if (shape.checked()) {
        try (ResultSet ends = StatementResults.next(statement)) {
          refuseConflict(ends, expected);
        }
      }
      try (ResultSet views = StatementResults.next(statement)) {
        return new ConsultedRows(orderings, readViews(views));
      }
    }
  }

  /**
   * At its first use, and not at its fifth as by default: until then the server plans it anew each
   * time, and on each connection. Where the connection prepares nothing, so does this.
   */
  private static void prepareAtOnce(PreparedStatement statement) throws SQLException {
    PGStatement ofPostgres = statement.unwrap(PGStatement.class);
    if (ofPostgres.getPrepareThreshold() > 1) {
      ofPostgres.setPrepareThreshold(1);
    }
  }

  private static void bindAppend(Parameters parameters, List<NewEvent> events) throws SQLException {
    List<EventRow> rows = new ArrayList<>(events.size());
    boolean anyMetadata = false;
    for (NewEvent event : events) {
      rows.add(event.row());
      anyMetadata |= event.row().metadata() != null;
    }
    // unnest() fills up with NULLs what is shorter
    List<EventRow> rowsWithMetadata = anyMetadata ? rows : List.of();
    parameters
        .texts(rows, EventRow::persistenceId)
        .longs(rows, EventRow::sequenceNumber)
        .texts(rows, EventRow::writer)
        .longs(rows, EventRow::timestamp)
        .texts(rows, EventRow::adapterManifest)
        .integers(rows, row -> row.event().serializerId())
        .texts(rows, row -> row.event().manifest())
        .bytes(rows, row -> row.event().bytes())
        .integers(rowsWithMetadata, row -> metadata(row, SerializedPayload::serializerId))
        .texts(rowsWithMetadata, row -> metadata(row, SerializedPayload::manifest))
        .bytes(rowsWithMetadata, row -> metadata(row, SerializedPayload::bytes));
  }

  private static <T> @Nullable T metadata(EventRow row, Function<SerializedPayload, T> part) {
    return row.metadata() == null ? null : part.apply(row.metadata());
  }

  /** A tag, and of which event. */
  private record TagOf(EventRow row, String tag) {}

  private static void bindTags(Parameters parameters, List<NewEvent> events) throws SQLException {
    List<TagOf> tags = new ArrayList<>();
    for (NewEvent event : events) {
      for (String tag : event.tags()) {
        tags.add(new TagOf(event.row(), tag));
      }
    }
    parameters
        .texts(tags, tag -> tag.row().persistenceId())
        .longs(tags, tag -> tag.row().sequenceNumber())
        .texts(tags, TagOf::tag);
  }

  private static void bindCheck(Parameters parameters, List<StreamEnd> expected)
      throws SQLException {
    parameters
        .texts(expected, StreamEnd::persistenceId)
        .longs(expected, StreamEnd::expected)
        .longs(expected, StreamEnd::first)
        .longs(expected, StreamEnd::last);
  }

  private void bindConsult(Parameters parameters, List<NewEvent> events, List<StreamEnd> expected)
      throws SQLException {
    Set<String> streams = new HashSet<>();
    if (expected.isEmpty()) {
      events.forEach(event -> streams.add(event.row().persistenceId()));
    } else {
      expected.forEach(end -> streams.add(end.persistenceId())); // one for each stream
    }
    parameters.texts(streams, stream -> stream).integer(helpLimit + 1);
  }

  private static void refuseUnsafeIsolation(ResultSet id) throws SQLException {
    id.next();
    String isolation = id.getString(2);
    if (!SAFE_ISOLATION.contains(isolation)) {
      throw new UnsafeTransactionException("on " + isolation.toUpperCase(java.util.Locale.ROOT));
    }
  }

  /** Refuses the first of the streams that end elsewhere. */
  private static void refuseConflict(ResultSet ends, List<StreamEnd> expected)
      throws SQLException, ConflictException {
    Map<String, Long> actual = new HashMap<>();
    while (ends.next()) {
      actual.put(ends.getString(1), ends.getLong(2));
    }
    for (StreamEnd end : actual.isEmpty() ? List.<StreamEnd>of() : expected) {
      Long found = actual.get(end.persistenceId());
      if (found != null && !end.isAt(found)) {
        throw new ConflictException(
            new AppendResult.Conflict(end.persistenceId(), end.expected(), found));
      }
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

  private static List<ConsultedRows.View> readViews(ResultSet row) throws SQLException {
    List<ConsultedRows.View> views = new ArrayList<>();
    Map<String, ConsultedRows.OpenRecords> open = Map.of();
    Generation last = null;
    while (row.next()) {
      Generation generation =
          new Generation(
              row.getString(1),
              row.getInt(2),
              Status.ofTable(row.getString(3)),
              row.getBoolean(4),
              row.getInt(5),
              row.getObject(6, Integer.class),
              row.getBoolean(7),
              row.getString(8));
      if (!generation.equals(last)) {
        open = new HashMap<>();
        views.add(new ConsultedRows.View(generation, open));
        last = generation;
      }
      String persistenceId = row.getString(9);
      if (persistenceId != null) {
        open.put(persistenceId, new ConsultedRows.OpenRecords(row.getInt(10), row.getBoolean(11)));
      }
    }
    return views;
  }
}
