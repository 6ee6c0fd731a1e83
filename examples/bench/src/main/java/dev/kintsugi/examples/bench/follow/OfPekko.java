package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.Tagger;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.projection.Projection;
import org.apache.pekko.projection.ProjectionBehavior;
import org.apache.pekko.projection.ProjectionId;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.eventsourced.javadsl.EventSourcedProvider;
import org.apache.pekko.projection.javadsl.SourceProvider;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcProjection;
import org.jspecify.annotations.Nullable;

/**
 * A projection of Pekko Projection's, with the same handler, by live queries of the same journal,
 * on connections of the same pool.
 */
final class OfPekko implements Reader {

  private static final Duration END = Duration.ofSeconds(30);

  /** Its default is 20, and half a second. */
  private static final int GROUP = 500;

  private static final Duration GROUP_WITHIN = Duration.ofMillis(100);

  private final String name;
  private final String table;
  private final boolean isGrouped;
  private @Nullable ActorRef<ProjectionBehavior.Command> running;

  /**
   * One that is not running.
   *
   * @param isGrouped whether its handler takes lists of events, or each by itself
   */
  OfPekko(String name, String table, boolean isGrouped) {
    this.name = name;
    this.table = table;
    this.isGrouped = isGrouped;
  }

  String table() {
    return table;
  }

  /** Makes the table that has their offsets. */
  static void createOffsets(Load load) throws Exception {
    JdbcProjection.createTablesIfNotExists(sessions(load.node().database()), system(load))
        .toCompletableFuture()
        .get();
  }

  private static ActorSystem<Void> system(Load load) {
    return Adapter.toTyped(load.system());
  }

  private static Supplier<JdbcSession> sessions(Database database) {
    return () -> PooledSession.of(database);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String countQuery() {
    return "SELECT COALESCE(sum(events), 0) FROM " + table;
  }

  @Override
  public String positionQuery() {
    return "SELECT current_offset::bigint FROM pekko_projection_offset_store WHERE projection_name = '%s'"
        .formatted(table);
  }

  @Override
  public void resume(Load load) {
    running =
        system(load)
            .systemActorOf(ProjectionBehavior.create(projection(load)), table, Props.empty());
  }

  private Projection<EventEnvelope<LoadEvent>> projection(Load load) {
    ActorSystem<?> system = system(load);
    ProjectionId id = ProjectionId.of(table, Tagger.TAG);
    SourceProvider<Offset, EventEnvelope<LoadEvent>> source =
        EventSourcedProvider.eventsByTag(system, KintsugiReadJournal.IDENTIFIER, Tagger.TAG);
    Supplier<JdbcSession> sessions = sessions(load.node().database());
    return isGrouped
        ? JdbcProjection.groupedWithin(
                id, source, sessions, () -> WritesHandler.grouped(table), system)
            .withGroup(GROUP, GROUP_WITHIN)
        : JdbcProjection.exactlyOnce(
            id, source, sessions, () -> WritesHandler.single(table), system);
  }

  @Override
  public void stop(Load load) throws Exception {
    ActorRef<ProjectionBehavior.Command> last = running;
    if (last != null) {
      running = null;
      Patterns.gracefulStop(Adapter.toClassic(last), END, ProjectionBehavior.stopMessage())
          .toCompletableFuture()
          .get();
    }
  }
}
