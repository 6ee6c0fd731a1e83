package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.writer.Appender;
import dev.kintsugi.runtime.internal.writer.KnownFailures;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the sessions of a scene do: they call the production code, and nothing else. */
final class Programs {

  private static final String DRAINABLE =
      """
      SELECT EXISTS (
        SELECT 1 FROM kintsugi_skip s JOIN kintsugi_projection p USING (projection, generation)
        WHERE p.status = 'active' AND NOT p.paused AND NOT EXISTS (
          SELECT 1 FROM kintsugi_skip held WHERE held.projection = s.projection
            AND held.generation = s.generation AND held.persistence_id = s.persistence_id
            AND held.parked_at IS NOT NULL))
      """;

  private static final String ITS_FOLLOWER = "its follower";

  private static final Access LOOKED_AT =
      Access.ofLook(Set.of("kintsugi_skip", "kintsugi_projection"), false);
  private static final Access WAITED_FOR = Access.ofLook(Set.of("kintsugi_skip"), true);

  /** The next event of a stream is as the one before it. */
  private static final String APPEND =
      """
      INSERT INTO event_journal (persistence_id, sequence_number, writer, write_timestamp,
        adapter_manifest, event_payload, event_ser_id, event_ser_manifest)
      SELECT '%1$s', %3$d, j.writer, j.write_timestamp, j.adapter_manifest, j.event_payload,
        j.event_ser_id, j.event_ser_manifest
      FROM event_journal j WHERE j.persistence_id = '%1$s' AND j.sequence_number = %2$d
      """;

  private static final String APPLY =
      "INSERT INTO log_log (persistence_id, sequence_number, payload) VALUES ('%1$s', %2$d, '')";

  private final Scene scene;

  Programs(Scene scene) {
    this.scene = scene;
  }

  /** How a writer's transaction ends. */
  enum End {
    COMMIT,
    ROLLBACK
  }

  private static final class ThinksBetterException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** Appends an event to a stream in each of its transactions. */
  Program writer(String stream, long after, End... ends) {
    return (database, session) -> {
      session.touchesOnly(access -> access.ofStream(scene.byStream(), stream));
      long last = after;
      for (End end : ends) {
        NewEvent event = scene.world().event(stream, last + 1);
        if (end == End.COMMIT) {
          try (Appender appender = new Appender(database, scene.world().writer())) {
            appender.append(List.of(event));
          }
          last++;
        } else {
          rollBack(database, event);
        }
      }
    };
  }

  private void rollBack(Database database, NewEvent event) throws Exception {
    try (Applier applier = new Applier()) {
      database.inTransaction(
          connection -> {
            scene
                .world()
                .writer()
                .write(connection, applier, List.of(event), List.of(), new KnownFailures());
            throw new ThinksBetterException();
          });
    } catch (ThinksBetterException e) {
      // as it was told to
    }
  }

  /** Appends an event in a transaction that is prepared, and committed later. */
  Program preparedWriter(String stream, long after) {
    return (database, session) -> {
      session.touchesOnly(access -> access.ofStream(scene.byStream(), stream));
      String gid = "explorer-" + session.pid();
      NewEvent event = scene.world().event(stream, after + 1);
      try (Connection connection = database.connection();
          Applier applier = new Applier();
          Statement statement = connection.createStatement()) {
        scene
            .world()
            .writer()
            .write(connection, applier, List.of(event), List.of(), new KnownFailures());
        statement.execute("PREPARE TRANSACTION '" + gid + "'");
        connection.setAutoCommit(true);
        statement.execute("COMMIT PREPARED '" + gid + "'");
        connection.setAutoCommit(false);
      } finally {
        scene.endPrepared(gid);
      }
    };
  }

  /**
   * Appends an event and applies it, in the order of a writer's protocol and by as few statements
   * as that takes. Where the projection is not active it thinks better of it.
   */
  Program writerByHand(String stream, long after, StatusRead status) {
    return (database, session) -> {
      session.touchesOnly(access -> access.ofStream(scene.byStream(), stream));
      try {
        database.inTransaction(
            connection -> {
              execute(connection, "SELECT pg_current_xact_id()");
              execute(connection, APPEND.formatted(stream, after, after + 1));
              if (!status.isActive(connection)) {
                throw new ThinksBetterException();
              }
              execute(connection, APPLY.formatted(stream, after + 1));
              return status;
            });
      } catch (ThinksBetterException e) {
        // it leaves nothing
      }
    };
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Asks for a rebuild and carries it to its proven end; after a crash another owner does. */
  Program rebuild(Optional<Crash.At> crashAt) {
    return (database, session) -> {
      crashAt.map(Crash::new).ifPresent(session::crash);
      boolean done = false;
      while (!done) {
        try {
          rebuild(database, session);
          done = true;
        } catch (Session.CrashedException e) {
          session.restart();
        }
      }
      scene.audit("when the rebuild was reported as done");
    };
  }

  private void rebuild(Database database, Session session) throws Exception {
    request(database);
    carryOn(session, owner(database), true);
  }

  /**
   * Carries out the rebuild that there is to its proven end, though somebody else has a hand in.
   */
  Program owner() {
    return (database, session) -> {
      carryOn(session, owner(database), false);
      scene.audit("when the rebuild was reported as done");
    };
  }

  /** Asks for a rebuild, stops it before anything was emptied, and carries that to its end. */
  Program stoppedRebuild() {
    return (database, session) -> {
      request(database);
      stop(database);
      carryOn(session, owner(database), true);
      scene.audit("when what was taken over was reported as active");
    };
  }

  /** Stops the rebuild that there is; where nothing was emptied yet, it takes over what was. */
  Program stop() {
    return (database, session) -> stop(database);
  }

  private void stop(Database database) throws Exception {
    database.inTransaction(
        connection ->
            RebuildOperations.stop(
                connection, scene.log().name(), new ChangeRequest("operator", "not now")));
  }

  /** Takes itself for the rebuild's owner, and does so many steps of it at any time. */
  Program formerOwner(int steps) {
    return (database, session) -> {
      RebuildSteps owner = owner(database);
      try (Applier applier = new Applier()) {
        for (int i = 0; i < steps; i++) {
          owner.next(applier);
        }
      }
    };
  }

  private RebuildSteps owner(Database database) throws Exception {
    return scene.world().owner(scene.log(), World.SMALL_STEPS, database);
  }

  /** Asks for a rebuild; where one is under way, that one it is. */
  void request(Database database) throws Exception {
    database.inTransaction(
        new RebuildRequest(scene.log().name(), 1, false, true, "test", "because")::begin);
  }

  /** Does steps to the end, or until somebody else has. */
  void carryOn(Session session, RebuildSteps owner, boolean isTheOnlyOne) throws Exception {
    try (Applier applier = new Applier()) {
      while (true) {
        RebuildStep step = owner.next(applier);
        if (step instanceof RebuildStep.Proven || step instanceof RebuildStep.TakenOver) {
          return;
        } else if (step instanceof RebuildStep.Waiting waiting) {
          session.await("waits for " + waiting.what(), look(waiting), () -> goesOn(waiting));
        } else if (step instanceof RebuildStep.GivenUp && !isTheOnlyOne) {
          return;
        } else if (!(step instanceof RebuildStep.Done
            || step instanceof RebuildStep.Activated
            || step instanceof RebuildStep.Follows
            || (step instanceof RebuildStep.NotOurs && !isTheOnlyOne))) {
          throw new IllegalStateException("the owner is told " + step);
        }
      }
    }
  }

  private Access look(RebuildStep.Waiting waiting) {
    if (waiting.what().equals(ITS_FOLLOWER)) {
      return Following.WAITED_FOR;
    }
    return scene.fencesByIdsAlone() ? WAITED_FOR.byIdsAlone() : WAITED_FOR;
  }

  private boolean goesOn(RebuildStep.Waiting waiting) throws Exception {
    String what = waiting.what();
    if (what.equals(ITS_FOLLOWER)) {
      return scene.isSo(Following.HAS_PASSED_THE_BOUND);
    }
    return what.startsWith("fence ")
        ? scene.ask(new Fence(Long.parseLong(what.substring(6)))::hasPassed)
        : !scene.ask(
            connection ->
                SkipRecords.anyUnfinished(
                    connection,
                    scene.log().name(),
                    scene.world().generation(scene.log()).generation()));
  }

  /** Drains a generation: so many times whenever it likes, and then whenever there is something. */
  Program recovery(int generation, int looks) {
    return recovery(generation, looks, LOOKED_AT, DRAINABLE);
  }

  /**
   * The same.
   *
   * @param drainable whether there is something, which is read from what is looked at
   */
  Program recovery(int generation, int looks, Access lookedAt, String drainable) {
    return (database, session) -> {
      try (Applier applier = new Applier()) {
        for (int i = 0; i < looks; i++) {
          drain(database, applier, generation);
        }
        while (true) {
          session.awaitWork("looks for records", lookedAt, () -> scene.isSo(drainable));
          drain(database, applier, generation);
        }
      }
    };
  }

  /** Somebody mends what is parked and has it tried again. */
  Program retryAll() {
    return (database, session) ->
        scene
            .world()
            .operations(scene.log(), database)
            .retryAll(SkipFilter.any(), new ChangeRequest("operator", "mended"), false);
  }

  private void drain(Database database, Applier applier, int generation) throws Exception {
    Drain drain = scene.world().drains(scene.log(), generation, database);
    List<Drain.Batch> batches = new ArrayList<>();
    do {
      batches.add(drain.next(applier));
    } while (batches.get(batches.size() - 1).isFull());
  }
}
