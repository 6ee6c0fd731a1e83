package dev.kintsugi.runtime.internal.retirement;

import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.schema.Places;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.internal.state.Retirements;
import dev.kintsugi.runtime.internal.state.Subscriptions;
import dev.kintsugi.runtime.operations.RetireAnswer;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Retirement;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Retires projections, a step at a time; how far one is stands in its row, so any node can go on
 * after a crash, and two at once do no harm.
 *
 * <ol>
 *   <li>In one transaction the projection's row goes, and the retirement is on record. Writers that
 *       read after that do nothing for it.
 *   <li>A fence: when it has passed, no transaction acts on that row any more, so nobody adds a
 *       record or touches the read model.
 *   <li>In one transaction open records are archived as superseded, tables are dropped or left, and
 *       what was noted of them and of the subscription is forgotten.
 * </ol>
 *
 * <p>All on the calling thread.
 */
public final class RetirementSteps {

  private static final Logger log = LoggerFactory.getLogger(RetirementSteps.class);

  private static final String SHORT_LOCKS = "SET LOCAL lock_timeout = '100ms'";
  private static final int LONGEST_ERROR = 2000;

  private final Database database;

  public RetirementSteps(Database database) {
    this.database = database;
  }

  /**
   * Begins a retirement, in the caller's transaction.
   *
   * @return what was begun; empty if the database does not know the projection
   */
  public static Optional<RetireAnswer> begin(
      Connection connection, String projection, String who, String reason, boolean dropsTables)
      throws SQLException {
    Optional<Generation> row = Generations.find(connection, projection);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    for (Generation each : Generations.of(connection, projection)) {
      remove(connection, each);
      Retirements.request(
          connection, each, who, reason, dropsTables || !each.serving(), each.serving());
    }
    Rebuilds.retire(connection, projection);
    OperationLog.note(
        connection,
        projection,
        Operation.Kind.RETIRE,
        who,
        reason,
        "generation %d; its tables are %s"
            .formatted(row.get().generation(), dropsTables ? "dropped" : "left as they are"));
    return Optional.of(new RetireAnswer.Retiring(projection, row.get().generation(), dropsTables));
  }

  private static void remove(Connection connection, Generation row) throws SQLException {
    Rebuilds.lock(connection, row.projection(), row.generation());
    if (!Generations.remove(connection, row)) {
      throw new IllegalStateException(
          "projection '%s' was to be retired in generation %d, and has another one by now; nothing is changed, ask again"
              .formatted(row.projection(), row.generation()));
    }
  }

  /**
   * Begins the retirement of a generation that does not serve, with its tables, in the caller's
   * transaction.
   */
  public static void beginOne(
      Connection connection, Generation generation, String who, String reason) throws SQLException {
    if (generation.serving()) {
      throw new IllegalArgumentException(generation + " serves");
    }
    remove(connection, generation);
    Retirements.request(connection, generation, who, reason, true, false);
  }

  /** Generations that were kept for a swap to be undone, until now. */
  private void beginDue() throws Exception {
    for (Retirements.Due due : database.inTransaction(Retirements::due)) {
      database.inTransaction(
          connection -> {
            Optional<Generation> row =
                Generations.find(connection, due.projection(), due.generation());
            Optional<Rebuild> rebuild =
                Rebuilds.lock(connection, due.projection(), due.generation());
            boolean isDue =
                row.isPresent()
                    && !row.get().serving()
                    && rebuild.filter(RetirementSteps::isKeptNoMore).isPresent();
            if (isDue) {
              beginOne(connection, row.get(), "kintsugi", "its time to be kept is over");
            }
            return isDue;
          });
    }
  }

  private static boolean isKeptNoMore(Rebuild rebuild) {
    return rebuild.isDone()
        && rebuild.keptUntil() != null
        && rebuild.keptUntil().isBefore(rebuild.readAt());
  }

  /**
   * Does for each retirement that has not ended what can be done now.
   *
   * @return how many have not ended
   * @throws Exception if the database is at fault
   */
  public int run() throws Exception {
    beginDue();
    List<Retirement> open = database.inTransaction(Retirements::open);
    int left = 0;
    for (Retirement retirement : open) {
      if (!step(retirement)) {
        left++;
      }
    }
    return left;
  }

  /** Whether it has ended. */
  private boolean step(Retirement retirement) throws Exception {
    Fence fence = Fence.of(retirement.fence());
    if (fence == null) {
      Fence taken;
      try (Connection connection = database.connection()) {
        taken = Fence.take(connection);
      }
      database.inTransaction(
          connection -> {
            Retirements.setFence(connection, retirement, taken);
            return taken;
          });
      return false;
    }
    Fence.Look found = database.inTransaction(fence::look);
    if (found == Fence.Look.OF_ANOTHER_CLUSTER) {
      database.inTransaction(
          connection -> {
            Retirements.forgetFence(connection, retirement, fence);
            return found;
          });
    }
    if (found != Fence.Look.PASSED) {
      return false;
    }
    try {
      return database.inTransaction(connection -> end(connection, retirement));
    } catch (SQLException | RuntimeException e) {
      failed(retirement, e);
      return false;
    }
  }

  private static boolean end(Connection connection, Retirement seen) throws SQLException {
    Optional<Retirement> locked = Retirements.lock(connection, seen);
    if (locked.isEmpty()) {
      return true;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(SHORT_LOCKS);
    }
    String projection = seen.projection();
    if (!seen.isWhole()) {
      SkipRecords.supersede(connection, projection, seen.generation());
      Cursors.remove(connection, projection, seen.generation());
      if (seen.place() != null) {
        Places.drop(connection, seen.place());
      }
      Retirements.end(connection, seen);
      log.info("Projection '{}', generation {} is retired", projection, seen.generation());
      return true;
    }
    int superseded = SkipRecords.supersedeOlder(connection, projection, Integer.MAX_VALUE);
    Cursors.removeOlder(connection, projection, Integer.MAX_VALUE);
    ReadModels.retire(connection, projection, seen.place(), seen.dropsTables());
    Subscriptions.forget(connection, projection);
    Retirements.end(connection, seen);
    log.info(
        "Projection '{}' is retired: {} open records are archived as superseded, its tables are {}",
        projection,
        superseded,
        seen.dropsTables() ? "dropped" : "left as they are");
    return true;
  }

  /** Says once what is in the way; it is tried again. */
  private void failed(Retirement retirement, Exception error) throws Exception {
    if (SqlStates.isDatabaseAtFault(error)) {
      throw error;
    }
    String why =
        StorableText.shortened(
            StorableText.repaired(String.valueOf(error.getMessage()).replaceAll("\\s+", " ")),
            LONGEST_ERROR);
    if (database.inTransaction(connection -> Retirements.failed(connection, retirement, why))) {
      log.warn(
          "The retirement of projection '{}' can't end yet, and is tried again: {}",
          retirement.projection(),
          why);
    }
  }
}
