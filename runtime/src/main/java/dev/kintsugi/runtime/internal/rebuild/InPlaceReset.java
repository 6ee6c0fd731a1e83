package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Steps 2 and 3 of a rebuild in place (DESIGN 6): waits until nobody acts on the older generation
 * any more, and then empties its read model.
 */
final class InPlaceReset {

  private static final Logger log = LoggerFactory.getLogger(InPlaceReset.class);

  private static final int DELETED_STREAMS_NAMED = 10;

  private final Database database;
  private final EventJournal journal;
  private final Ownership ownership;
  private final Barrier barrier;
  private final RebuildSettings settings;
  private final Projection<?> projection;
  private final ReadModel readModel;
  private final int generation;

  InPlaceReset(
      Database database,
      EventJournal journal,
      Ownership ownership,
      Barrier barrier,
      RebuildSettings settings,
      ReadModel readModel,
      int generation) {
    this.database = database;
    this.journal = journal;
    this.ownership = ownership;
    this.barrier = barrier;
    this.settings = settings;
    this.projection = readModel.projection();
    this.readModel = readModel;
    this.generation = generation;
  }

  RebuildStep next(Rebuild rebuild, Generation row, RebuildListener listener) throws Exception {
    if (rebuild.fence() != null && rebuild.eventsToReplay() == null) {
      return survey(rebuild);
    }
    Optional<RebuildStep> wait = barrier.fence(rebuild, listener);
    if (wait.isPresent()) {
      return wait.get();
    }
    boolean couldReturn = row.returnsTo() != null;
    if (!rebuild.follows()) {
      return ownership.inTransaction(
          (connection, locked) ->
              reset(connection, locked, row, couldReturn, journal.maxOrdering(connection)));
    }
    OptionalLong proven = barrier.proven();
    return proven.isEmpty()
        ? Barrier.waitingForProof()
        : ownership.inTransaction(
            (connection, locked) ->
                reset(connection, locked, row, couldReturn, proven.getAsLong()));
  }

  /** Counts what there is to replay while the fence is waited for, so that progress has an end. */
  private RebuildStep survey(Rebuild rebuild) throws Exception {
    EventJournal.Survey survey =
        database.inTransaction(connection -> journal.survey(connection, DELETED_STREAMS_NAMED));
    if (survey.deleted() > 0) {
      log.warn(
          "Rebuild of projection '{}', generation {}: {} events of {} streams were deleted from the"
              + " journal and can't be replayed; what only they told is missing afterwards. Streams: {}{}",
          projection.name(),
          generation,
          survey.deleted(),
          survey.deletedStreams(),
          survey.someDeletedStreams(),
          survey.deletedStreams() > survey.someDeletedStreams().size() ? " and others" : "");
    }
    return database.inTransaction(
            connection -> Rebuilds.setSize(connection, rebuild, survey.events(), survey.deleted()))
        ? new RebuildStep.Done("counted " + survey.events() + " events")
        : new RebuildStep.NotOurs("another owner counted the events");
  }

  /**
   * Empties the read model.
   *
   * @param couldReturn whether the row names a version to return to: nothing sets that but the
   *     request that began the generation, so it need not be read again here
   * @param replayTo the bound R
   */
  private RebuildStep reset(
      Connection connection, Rebuild rebuild, Generation row, boolean couldReturn, long replayTo)
      throws SQLException {
    if (rebuild.phase() != Phase.FENCE || rebuild.fence() == null) {
      return new RebuildStep.NotOurs("another owner emptied the read model");
    }
    try (PreparedStatement timeout =
        connection.prepareStatement("SELECT set_config('lock_timeout', ?, TRUE)")) {
      timeout.setString(1, settings.truncateLockTimeout().toMillis() + "ms");
      timeout.execute();
    }
    ReadModels.reset(connection, readModel, row.place());
    ReadModels.dropIndexes(connection, projection);
    SkipRecords.supersedeOlder(connection, projection.name(), generation);
    Cursors.removeOlder(connection, projection.name(), generation);
    if (couldReturn) {
      Generations.returnNoMore(connection, projection.name(), generation);
    }
    return Rebuilds.beginReplay(connection, rebuild, replayTo)
        ? new RebuildStep.Done("emptied the read model, replays up to ordering " + replayTo)
        : new RebuildStep.NotOurs("another owner emptied the read model");
  }
}
