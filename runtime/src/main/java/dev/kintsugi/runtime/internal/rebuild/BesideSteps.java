package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.internal.compare.Comparisons;
import dev.kintsugi.runtime.internal.compare.PlaceComparison;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.schema.Places;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.BesideRebuilds;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The steps of a build beside the generation that serves (DESIGN 7), but for those that it shares
 * with a rebuild in place: replay, drain, and the proof that nothing is missing.
 *
 * <p>The new generation has a place of its own, and nothing of the one that serves is touched until
 * the swap. History is replayed, and then followed, while writers do nothing about it; they record
 * for it only in the last seconds. When it is proven, every append writes to both, and both are
 * whole in every snapshot that begins after that: so they can be compared, swapped, and swapped
 * back at any time.
 */
final class BesideSteps {

  private static final String SHORT_LOCKS = "SET LOCAL lock_timeout = '100ms'";

  private final Database database;
  private final EventJournal journal;
  private final Ownership ownership;
  private final Barrier barrier;
  private final OlderSnapshots olderSnapshots;
  private final RebuildSettings settings;
  private final ReadModel readModel;
  private final Projection<?> projection;
  private final String name;
  private final int generation;

  BesideSteps(
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
    this.olderSnapshots = new OlderSnapshots(database, settings.swapPatience());
    this.settings = settings;
    this.readModel = readModel;
    this.projection = readModel.projection();
    this.name = projection.name();
    this.generation = generation;
  }

  private static RebuildStep notOurs() {
    return new RebuildStep.NotOurs("another owner was here first");
  }

  /** Steps 1 and 2, in the phase fence: makes the place, and finds how far history is final. */
  RebuildStep begin(Generation row) throws Exception {
    OptionalLong proven = barrier.proven();
    if (proven.isEmpty()) {
      return Barrier.waitingForProof();
    }
    return ownership.inTransaction(
        (connection, rebuild) -> {
          if (rebuild.phase() != Phase.FENCE) {
            return notOurs();
          }
          ReadModels.lock(connection);
          Places.fill(connection, readModel, place(row));
          return Rebuilds.beginReplay(connection, rebuild, proven.getAsLong())
              ? new RebuildStep.Done(
                  "made %s, replays up to ordering %d".formatted(place(row), proven.getAsLong()))
              : notOurs();
        });
  }

  private static String place(Generation row) {
    if (row.place() == null) {
      throw new IllegalStateException(row + " is built beside and has no place");
    }
    return row.place();
  }

  /** Ends the replay of what was final when it began: from there on it follows. */
  static RebuildStep follow(Connection connection, Rebuild rebuild) throws SQLException {
    Cursors.put(connection, rebuild.projection(), rebuild.generation(), rebuild.replayTo());
    return BesideRebuilds.endReplay(connection, rebuild)
        ? new RebuildStep.Follows(rebuild.replayTo())
        : notOurs();
  }

  /** Step 3, in the phase follow: as soon as little is left, writers record. */
  RebuildStep recordWhenNear() throws Exception {
    boolean isNear =
        database.inTransaction(
            connection ->
                journal.maxOrdering(connection)
                        - Cursors.find(connection, name, generation).orElse(0)
                    <= settings.batchSize());
    if (!isNear) {
      return new RebuildStep.Waiting("its follower");
    }
    return ownership.inTransaction(
        (connection, rebuild) ->
            rebuild.phase() == Phase.FOLLOW
                    && Generations.record(connection, name, generation)
                    && BesideRebuilds.catchUp(connection, rebuild)
                ? new RebuildStep.Done("has writers record for it")
                : notOurs());
  }

  /**
   * In the phase catch_up: when no transaction runs any more that read the row while it followed,
   * the follower among them, each event beyond the cursor is visible history up to R, or has a
   * record.
   */
  RebuildStep catchUp(Rebuild seen, RebuildListener listener) throws Exception {
    Optional<RebuildStep> wait = barrier.fence(seen, listener);
    if (wait.isPresent()) {
      return wait.get();
    }
    return ownership.inTransaction(
        (connection, rebuild) -> {
          if (rebuild.phase() != Phase.CATCH_UP || rebuild.fence() == null) {
            return notOurs();
          }
          long position =
              Cursors.find(connection, name, generation)
                  .orElseThrow(() -> new IllegalStateException("there is no cursor to go on from"));
          Cursors.remove(connection, name, generation);
          long replayTo = Math.max(position, journal.maxOrdering(connection));
          return BesideRebuilds.replayRest(connection, rebuild, position, replayTo)
              ? new RebuildStep.Done("replays from ordering %d to %d".formatted(position, replayTo))
              : notOurs();
        });
  }

  /** Step 4 has ended: nothing is missing. */
  RebuildStep proven(Connection connection, Rebuild rebuild) throws SQLException {
    return BesideRebuilds.proven(connection, rebuild)
        ? new RebuildStep.Done("proved that nothing is missing")
        : notOurs();
  }

  /** Step 5, in the phase compare. */
  RebuildStep compare(Generation row) throws Exception {
    Optional<Generation> serving =
        database.inTransaction(connection -> Generations.find(connection, name));
    if (serving.isEmpty()) {
      return new RebuildStep.NotOurs("the projection is no more");
    }
    Compared compared =
        database.inTransaction(connection -> compare(connection, serving.get(), row));
    String json = Comparisons.write(compared.comparison());
    return ownership.inTransaction(
        (connection, rebuild) ->
            rebuild.phase() == Phase.COMPARE
                    && BesideRebuilds.compared(connection, rebuild, json, compared.heldFor())
                ? new RebuildStep.Done(
                    compared.comparison().isSame()
                        ? "compared: every row is the same"
                        : "compared: rows differ")
                : notOurs());
  }

  private record Compared(Comparison comparison, @Nullable String heldFor) {}

  private Compared compare(Connection connection, Generation serving, Generation row)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    }
    Comparison comparison =
        PlaceComparison.of(
            connection, ReadModels.tablesOf(connection, name), serving.place(), place(row));
    return new Compared(
        comparison, heldFor(comparison, SkipRecords.parkedHereOnly(connection, row, serving)));
  }

  /** Why somebody has to approve; null if nobody has to. */
  private @Nullable String heldFor(Comparison comparison, List<String> parked) {
    RebuildPolicy policy = projection.rebuildPolicy();
    if (!parked.isEmpty()) {
      return parkedStreams(parked);
    }
    if (policy.isWhenApproved()) {
      return "its definition asks for approval";
    }
    if (policy.isIfOnly()) {
      TreeSet<String> others = new TreeSet<>();
      comparison
          .tables()
          .forEach(table -> others.addAll(Differences.beyond(table, policy.columns())));
      return others.isEmpty() ? null : "there are other differences: " + String.join("; ", others);
    }
    return null;
  }

  private static String parkedStreams(List<String> streams) {
    return "it has parked records of streams that the one that serves has none of: "
        + String.join(", ", streams);
  }

  /** Step 6, in the phase swap; also the way back. */
  RebuildStep swap(Rebuild seen, Generation row, RebuildListener listener) throws Exception {
    if (seen.isHeld()) {
      return new RebuildStep.Waiting("approval: " + seen.heldFor());
    }
    Optional<Generation> serving =
        database.inTransaction(connection -> Generations.find(connection, name));
    if (serving.isEmpty()) {
      return new RebuildStep.NotOurs("the projection is no more");
    }
    if (serving.get().place() == null) {
      return moveIn(serving.get());
    }
    Optional<RebuildStep> wait = barrier.fence(seen, listener);
    if (wait.isPresent()) {
      return wait.get();
    }
    Optional<RebuildStep> unfinished = unfinished(seen, row, serving.get());
    if (unfinished.isPresent()) {
      return unfinished.get();
    }
    Optional<String> older = olderSnapshots.inTheWay();
    if (older.isPresent()) {
      return new RebuildStep.Waiting(older.get(), true);
    }
    RebuildStep step =
        ownership.inTransaction(
            (connection, rebuild) -> swap(connection, rebuild, row, serving.get()));
    if (step instanceof RebuildStep.Proven) {
      olderSnapshots.forget();
    }
    return step;
  }

  /**
   * A read model whose tables have the names that readers use gets a place, as a swap needs one.
   */
  private RebuildStep moveIn(Generation serving) throws Exception {
    return ownership.inTransaction(
        (connection, rebuild) -> {
          if (rebuild.phase() != Phase.SWAP) {
            return notOurs();
          }
          shortLocks(connection);
          String place = Places.make(connection, name, serving.generation());
          if (!Generations.setPlace(connection, serving, place)) {
            return notOurs();
          }
          Places.moveIn(connection, name, place);
          // Whoever has read the row before writes by the views; the swap waits for them by a fence
          // that is taken after this.
          return new RebuildStep.Done("moved the tables that serve to " + place);
        });
  }

  /** What it lacks by now: its handler may fail where the other one does not. */
  private Optional<RebuildStep> unfinished(Rebuild rebuild, Generation row, Generation serving)
      throws Exception {
    return database.inTransaction(
        connection -> {
          if (SkipRecords.anyUnfinished(connection, name, generation)) {
            return Optional.of(
                new RebuildStep.Waiting(
                    "recovery of streams "
                        + String.join(", ", SkipRecords.someStreams(connection, name, generation)),
                    true));
          }
          List<String> parked = SkipRecords.parkedHereOnly(connection, row, serving);
          if (parked.isEmpty() || parkedStreams(parked).equals(rebuild.heldFor())) {
            return Optional.empty(); // what it was held for is approved by now
          }
          // Whoever approved before knew nothing of these.
          BesideRebuilds.hold(connection, rebuild, parkedStreams(parked));
          return Optional.of(new RebuildStep.Waiting("approval: " + parkedStreams(parked)));
        });
  }

  private RebuildStep swap(
      Connection connection, Rebuild rebuild, Generation row, Generation serving)
      throws SQLException {
    if (rebuild.phase() != Phase.SWAP || rebuild.fence() == null || rebuild.isHeld()) {
      return notOurs();
    }
    if (SkipRecords.anyUnfinished(connection, name, generation)) {
      return new RebuildStep.Waiting("recovery");
    }
    shortLocks(connection);
    if (!Generations.swap(connection, serving, generation)) {
      return notOurs();
    }
    Places.serve(connection, name, String.valueOf(serving.place()), place(row));
    ReadModels.noteServing(connection, readModel);
    BesideRebuilds.keep(connection, name, serving.generation(), settings.keepsReplaced());
    if (rebuild.swappedAt() != null || rebuild.keptUntil() != null) {
      BesideRebuilds.undone(connection, name, serving.generation());
    }
    return BesideRebuilds.swapped(connection, rebuild) ? new RebuildStep.Proven() : notOurs();
  }

  private static void shortLocks(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(SHORT_LOCKS);
    }
  }
}
