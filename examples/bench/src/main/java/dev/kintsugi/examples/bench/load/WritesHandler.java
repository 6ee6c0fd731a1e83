package dev.kintsugi.examples.bench.load;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.projections.Tables;
import java.sql.PreparedStatement;
import java.util.List;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** The benchmarks' projection: one upsert an event, which counts the events of each stream. */
public final class WritesHandler extends JdbcHandler<EventEnvelope<LoadEvent>, JdbcSession> {

  /** The projection's name, and its table's. */
  public static final String NAME = "writes";

  private final String sql;

  private WritesHandler(String table) {
    this.sql = WritesTable.upsert(table);
  }

  /** With a statement for each event. */
  public static Projection<LoadEvent> projection() {
    return projection(NAME);
  }

  /** With a statement for each event, under a name that is its table's, too. */
  public static Projection<LoadEvent> projection(String name) {
    return writes(name).handler(() -> new WritesHandler(name)).build();
  }

  /** The same, rebuilt in place. */
  public static Projection<LoadEvent> inPlace() {
    return inPlace(writes(NAME), NAME);
  }

  /** The same, of one entity type's streams only. */
  public static Projection<LoadEvent> inPlaceOf(String entityType, String name) {
    return inPlace(writes(name).entityTypes(entityType), name);
  }

  private static Projection<LoadEvent> inPlace(Projection.Builder<LoadEvent> writes, String name) {
    return writes.rebuilt(RebuildPolicy.inPlace()).handler(() -> new WritesHandler(name)).build();
  }

  /** With a statement for each event, of one entity type's streams only. */
  public static Projection<LoadEvent> projectionOf(String entityType, String name) {
    return writes(name).entityTypes(entityType).handler(() -> new WritesHandler(name)).build();
  }

  /** With a batch for each transaction. */
  public static Projection<LoadEvent> groupedProjection() {
    return groupedProjection(NAME);
  }

  /** With a batch for each transaction, under a name that is its table's, too. */
  public static Projection<LoadEvent> groupedProjection(String name) {
    return writes(name).groupedHandler(() -> new GroupedWritesHandler(name)).build();
  }

  /** With one statement for each transaction. */
  public static Projection<LoadEvent> coalescedProjection() {
    return writes(NAME).groupedHandler(() -> new CoalescedWritesHandler(NAME)).build();
  }

  /** A handler by itself, for a table that is there. */
  public static JdbcHandler<EventEnvelope<LoadEvent>, JdbcSession> single(String table) {
    return new WritesHandler(table);
  }

  /** The same, with a batch for each list of events. */
  public static JdbcHandler<List<EventEnvelope<LoadEvent>>, JdbcSession> grouped(String table) {
    return new GroupedWritesHandler(table);
  }

  /** One that follows the journal, with a statement for each event. */
  public static Projection<LoadEvent> following(String name) {
    return writes(name).handler(() -> new WritesHandler(name)).following().build();
  }

  /** The same, with a batch for each transaction. */
  public static Projection<LoadEvent> groupedFollowing(String name) {
    return writes(name).groupedHandler(() -> new GroupedWritesHandler(name)).following().build();
  }

  private static Projection.Builder<LoadEvent> writes(String name) {
    return Projection.named(name).of(LoadEvent.class).tables(Tables.sql(WritesTable.ddl(name)));
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<LoadEvent> envelope) throws Exception {
    session.withConnection(
        connection -> {
          try (PreparedStatement upsert = connection.prepareStatement(sql)) {
            upsert.setString(1, envelope.persistenceId());
            upsert.setLong(2, envelope.sequenceNr());
            upsert.executeUpdate();
          }
          return Done.getInstance();
        });
  }
}
