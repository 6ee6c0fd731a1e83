package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.hosting.Hosting;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.rebuild.OnRaisedVersion;
import dev.kintsugi.runtime.internal.retirement.UnhandledGauges;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Retirements;
import dev.kintsugi.runtime.internal.state.Subscriptions;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Retirement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts projections on a node: makes their tables, makes them known to writers, begins the build
 * of a new or raised one, and has them hosted. Blocks for the database.
 */
public final class ProjectionStart {

  private static final Logger log = LoggerFactory.getLogger(ProjectionStart.class);

  private final KintsugiNode node;
  private final Hosting hosting;
  private final RowGauges rowGauges;
  private final UnhandledGauges unhandledGauges;
  private final OnRaisedVersion onRaisedVersion;

  /** What was started here, by the projections' names, in the highest version each. */
  private final Map<String, ReadModel> started = new ConcurrentHashMap<>();

  public ProjectionStart(
      KintsugiNode node,
      Hosting hosting,
      UnhandledGauges unhandledGauges,
      OnRaisedVersion onRaisedVersion) {
    this.node = node;
    this.hosting = hosting;
    this.rowGauges = new RowGauges(node);
    this.unhandledGauges = unhandledGauges;
    this.onRaisedVersion = onRaisedVersion;
  }

  /** All of them or none. */
  public void start(List<Projection<?>> added) {
    node.registry().refuseDuplicates(added);
    node.awaitDatabase();
    List<ReadModel> probed = blocking(() -> probe(added));
    List<ReadModel> readModels =
        blocking(
            () ->
                node.database()
                    .forLongWork()
                    .inTransaction(connection -> create(connection, probed)));
    readModels.forEach(one -> started.put(one.projection().name(), one));
    List<ReadModel> replaced = blocking(() -> probe(replaced(added)));
    node.registry().register(projections(readModels));
    replaced.forEach(older -> startReplaced(older));
    for (ReadModel readModel : readModels) {
      blocking(
          () ->
              node.database()
                  .inTransaction(connection -> begin(connection, readModel, onRaisedVersion)));
      rowGauges.report(readModel.projection().name());
      unhandledGauges.report(readModel.projection().name());
      hosting.host(readModel);
    }
  }

  private static List<Projection<?>> replaced(List<Projection<?>> added) {
    List<Projection<?>> replaced = new ArrayList<>();
    added.forEach(projection -> projection.replaced().ifPresent(replaced::add));
    return replaced;
  }

  /**
   * A lower version of one that is started: its generation stays current until the other serves,
   * and for as long as it is kept after that. If there is none, nothing is built by it.
   */
  private void startReplaced(ReadModel probed) {
    Projection<?> older = probed.projection();
    ReadModel readModel =
        blocking(
            () ->
                node.database()
                    .forLongWork()
                    .inTransaction(
                        connection -> {
                          Subscriptions.note(
                              connection, older.name(), older.version(), older.subscription());
                          Optional<Generation> serving = Generations.find(connection, older.name());
                          return serving.isEmpty()
                              ? probed
                              : ReadModels.create(connection, probed, serving);
                        }));
    node.registry().registerReplaced(readModel.projection());
    hosting.host(readModel);
  }

  /** What was started here under a name. */
  public Optional<ReadModel> find(String projection) {
    return Optional.ofNullable(started.get(projection));
  }

  private List<ReadModel> probe(List<Projection<?>> added) throws SQLException {
    List<ReadModel> readModels = new ArrayList<>();
    for (Projection<?> projection : added) {
      try (Connection connection = node.database().forLongWork().connection()) {
        ReadModel readModel = ReadModels.probe(connection, projection);
        connection.rollback();
        readModels.add(readModel);
      }
    }
    return readModels;
  }

  private List<ReadModel> create(Connection connection, List<ReadModel> probed)
      throws SQLException {
    ReadModels.lock(connection);
    List<ReadModel> readModels = new ArrayList<>();
    for (ReadModel readModel : probed) {
      refuseRetiring(connection, readModel.projection().name());
      Optional<Generation> serving = Generations.find(connection, readModel.projection().name());
      readModels.add(ReadModels.create(connection, readModel, serving));
      refuseImpossible(connection, readModel, serving);
    }
    return readModels;
  }

  /** What would keep its build from succeeding is said before anything is changed. */
  private void refuseImpossible(
      Connection connection, ReadModel readModel, Optional<Generation> serving)
      throws SQLException {
    Projection<?> projection = readModel.projection();
    if (serving.isEmpty()) {
      ReadModels.refuseObstacle(connection, readModel);
      return;
    }
    RebuildRequest request = RebuildRequest.of(projection, "start", "");
    // One that is being built already, or whose swap was undone, is not begun by this start.
    if (onRaisedVersion == OnRaisedVersion.AUTOMATIC
        && request.olderVersion(connection).isPresent()) {
      Optional<String> obstacle =
          request.obstacle(connection, serving.get(), Optional.of(readModel));
      if (obstacle.isPresent()) {
        throw new SchemaException(
            "version %d of projection '%s' can't be built: %s"
                .formatted(projection.version(), projection.name(), obstacle.get()));
      }
    }
  }

  /** The definitions, each with how its tables have to be written. */
  private static List<Projection<?>> projections(List<ReadModel> readModels) {
    List<Projection<?>> projections = new ArrayList<>();
    readModels.forEach(readModel -> projections.add(readModel.projection()));
    return projections;
  }

  private static void refuseRetiring(Connection connection, String projection) throws SQLException {
    Optional<Retirement> retiring =
        Retirements.newest(connection, projection).filter(retirement -> !retirement.isDone());
    if (retiring.isPresent()) {
      throw new SchemaException(
          "projection '%s' is being retired, as %s asked (%s), and can be started as a new one when that has ended. %s"
              .formatted(
                  projection,
                  retiring.get().requestedBy(),
                  retiring.get().reason(),
                  retiring.get().lastError() == null
                      ? "It waits for transactions that began before."
                      : "What is in its way: " + retiring.get().lastError()));
    }
  }

  private static boolean begin(
      Connection connection, ReadModel readModel, OnRaisedVersion onRaisedVersion)
      throws SQLException {
    Projection<?> projection = readModel.projection();
    RebuildRequest request =
        RebuildRequest.of(projection, "start", "built version " + projection.version());
    Subscriptions.note(
        connection, projection.name(), projection.version(), projection.subscription());
    refuseRetiring(connection, projection.name());
    if (request.registerFirst(connection)) {
      log.info("Projection '{}' is new and is built from history", projection.name());
    } else if (isLower(connection, projection)) {
      log.warn(
          "Projection '{}' has a newer version in the database than this build's, {}: this node's"
              + " writers record its events as NO_HANDLER, so that none is lost. To take the newer"
              + " version back, {} Kintsugi.management(who).rebuild(\"{}\", reason, true): it"
              + " builds version {} from history.",
          projection.name(),
          projection.version(),
          toCall(connection, readModel),
          projection.name(),
          projection.version());
    } else if (onRaisedVersion == OnRaisedVersion.WAIT) {
      Optional<Generation> older = request.olderVersion(connection);
      if (older.isPresent()) {
        log.warn(
            "Projection '{}' has version {} in the database, and this build has version {}. As"
                + " kintsugi.rebuild.on-raised-version is wait, nothing is changed: this node's"
                + " writers record its events as NO_HANDLER, so that none is lost, and its read model"
                + " gets them only where a node has version {}. To build version {} from history, {}"
                + " Kintsugi.rebuild(\"{}\", reason).",
            projection.name(),
            older.get().version(),
            projection.version(),
            older.get().version(),
            projection.version(),
            toCall(connection, readModel),
            projection.name());
      }
    } else if (request.beginIfRaised(connection).isPresent()) {
      log.info(
          "Projection '{}' is rebuilt as its version was raised to {}",
          projection.name(),
          projection.version());
    }
    return true;
  }

  /** What would keep a rebuild from being accepted is said now, when there is time to mend it. */
  private static String toCall(Connection connection, ReadModel readModel) throws SQLException {
    return ReadModels.obstacle(connection, readModel)
        .map(
            obstacle ->
                "mend what a rebuild would be refused for as things stand (%s), and then call"
                    .formatted(obstacle))
        .orElse("call");
  }

  private static boolean isLower(Connection connection, Projection<?> projection)
      throws SQLException {
    return Generations.find(connection, projection.name())
        .filter(row -> row.version() > projection.version())
        .isPresent();
  }

  private static <T> T blocking(Callable<T> work) {
    try {
      return work.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("the database refused to start the projections: " + e, e);
    }
  }
}
