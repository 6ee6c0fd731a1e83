package dev.kintsugi.runtime.interleaving;

import static java.util.stream.Collectors.joining;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.retirement.RetirementSteps;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Retirements;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What sessions do where a generation is built beside the one that serves: the production code. */
final class Beside {

  /** Whoever is to be waited for by a swap is called so. */
  static final String READER = "reader";

  /** What is left to follow is little. */
  private static final RebuildSettings STEPS = World.steps(1000);

  private static final ChangeRequest OPERATOR = new ChangeRequest("operator", "because");

  private static final Access FOR_A_FENCE = Access.ofLook(Set.of(), true);
  private static final Access FOR_RECOVERY = Access.ofLook(Set.of("kintsugi_skip"), false);
  private static final Access FOR_SNAPSHOTS = Access.ofLook(Set.of(Access.SNAPSHOTS), false);

  private static final String NOBODY_KEEPS_A_SNAPSHOT =
      """
      SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND backend_xmin IS NOT NULL AND application_name = '%s')
      """
          .formatted(READER);

  /** What a reader is to see: the journal, less what is open or discarded. */
  private static final String TO_BE_SEEN =
      """
      SELECT j.persistence_id || '/' || j.sequence_number FROM event_journal j
      WHERE NOT EXISTS (
        SELECT FROM kintsugi_skip s JOIN kintsugi_projection p USING (projection, generation)
        WHERE p.serving AND s.persistence_id = j.persistence_id
          AND s.sequence_number = j.sequence_number)
      ORDER BY 1
      """;

  private static final String SEEN =
      "SELECT persistence_id || '/' || sequence_number FROM log_log ORDER BY 1";

  private final Scene scene;

  Beside(Scene scene) {
    this.scene = scene;
  }

  /** Carries a build on until it is in a phase; nobody else has a hand in. */
  Program build(int generation, Phase until) {
    return (database, session) -> {
      carryOn(database, session, generation, until, true);
      scene.audit("when the build was in phase " + until);
    };
  }

  /** The same, though somebody else has a hand in, or stops it. */
  Program owner(int generation, Phase until) {
    return (database, session) -> carryOn(database, session, generation, until, false);
  }

  /** Takes itself for the owner, and does so many steps of it at any time. */
  Program formerOwner(int generation, int steps) {
    return (database, session) -> {
      Optional<RebuildSteps> owner = owner(database, generation);
      try (Applier applier = new Applier()) {
        for (int i = 0; i < steps && owner.isPresent(); i++) {
          owner.get().next(applier);
        }
      }
    };
  }

  /** Has the generation serve again that was replaced. */
  Program undo(int generation) {
    return (database, session) -> {
      database.inTransaction(
          connection -> RebuildOperations.undo(connection, scene.log().name(), OPERATOR));
      carryOn(database, session, generation, Phase.DONE, true);
      scene.audit("when it was undone");
    };
  }

  /** Retires the generation that was replaced. */
  Program retireReplaced() {
    return (database, session) -> {
      database.inTransaction(
          connection -> RebuildOperations.retireKept(connection, scene.log().name(), OPERATOR));
      retire(database, session);
    };
  }

  /** Stops the build that there is, and clears it away. */
  Program stop() {
    return (database, session) -> {
      database.inTransaction(
          connection -> RebuildOperations.stop(connection, scene.log().name(), OPERATOR));
      retire(database, session);
    };
  }

  private void retire(Database database, Session session) throws Exception {
    RetirementSteps steps = new RetirementSteps(database);
    while (steps.run() > 0) {
      Fence fence = Fence.of(scene.ask(Retirements::open).get(0).fence());
      if (fence != null) {
        session.await(
            "waits for fence " + fence.xid(), forAFence(), () -> scene.ask(fence::hasPassed));
      }
    }
    scene.audit("when a generation was retired");
  }

  /** Sees in one snapshot what is in the journal, and what readers see of it. */
  Program reader() {
    return (database, session) ->
        database.inTransaction(
            connection -> {
              try (Statement statement = connection.createStatement()) {
                statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
              }
              List<String> toBeSeen = texts(connection, TO_BE_SEEN);
              List<String> seen = texts(connection, SEEN);
              if (!seen.equals(toBeSeen)) {
                scene.violated("a reader sees %s instead of %s".formatted(seen, toBeSeen));
              }
              return seen;
            });
  }

  private static List<String> texts(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> texts = new ArrayList<>();
      while (row.next()) {
        texts.add(row.getString(1));
      }
      return texts;
    }
  }

  private Optional<RebuildSteps> owner(Database database, int generation) throws Exception {
    Optional<Generation> row =
        scene.ask(connection -> Generations.find(connection, scene.log().name(), generation));
    return row.map(found -> scene.world().owner(scene.log(), found, STEPS, database));
  }

  private void carryOn(
      Database database, Session session, int generation, Phase until, boolean isTheOnlyOne)
      throws Exception {
    Optional<RebuildSteps> owner = owner(database, generation);
    try (Applier applier = new Applier()) {
      while (owner.isPresent() && !hasCome(generation, until)) {
        boolean settles = isIn(generation, Phase.SETTLE);
        RebuildStep step = owner.get().next(applier);
        if (settles && isIn(generation, Phase.COMPARE)) {
          scene.proven(generation);
        }
        if (step instanceof RebuildStep.Waiting waiting) {
          await(session, generation, waiting.what());
        } else if (step instanceof RebuildStep.NotOurs && !isTheOnlyOne) {
          if (isGone(generation)) {
            return;
          }
        } else if (!(step instanceof RebuildStep.Done
            || step instanceof RebuildStep.Activated
            || step instanceof RebuildStep.Proven)) {
          throw new IllegalStateException("the owner is told " + step);
        }
      }
    }
  }

  /** Whether it is in a phase, from the drain on, or beyond it: another owner may have gone on. */
  private boolean hasCome(int generation, Phase phase) throws SQLException {
    String reached =
        Arrays.stream(Phase.values())
            .filter(each -> each.compareTo(phase) >= 0)
            .map(each -> "'" + each.inTable() + "'")
            .collect(joining(", "));
    return scene.isSo(
        "SELECT phase IN (%s) FROM kintsugi_rebuild WHERE projection = '%s' AND generation = %d"
            .formatted(reached, scene.log().name(), generation));
  }

  private boolean isIn(int generation, Phase phase) throws SQLException {
    return scene.isSo(
        "SELECT phase = '%s' FROM kintsugi_rebuild WHERE projection = '%s' AND generation = %d"
            .formatted(phase.inTable(), scene.log().name(), generation));
  }

  private boolean isGone(int generation) throws SQLException {
    return scene.isSo(
        "SELECT NOT EXISTS (SELECT FROM kintsugi_projection WHERE projection = '%s' AND generation = %d)"
            .formatted(scene.log().name(), generation));
  }

  private void await(Session session, int generation, String what) {
    if (what.startsWith("fence ")) {
      Fence fence = new Fence(Long.parseLong(what.substring("fence ".length())));
      session.await("waits for " + what, forAFence(), () -> scene.ask(fence::hasPassed));
    } else if (what.startsWith("recovery")) {
      session.await(
          "waits for recovery",
          FOR_RECOVERY,
          () ->
              !scene.ask(
                  connection ->
                      SkipRecords.anyUnfinished(connection, scene.log().name(), generation)));
    } else if (what.startsWith("transactions whose snapshots")) {
      session.await(
          "waits for older snapshots", FOR_SNAPSHOTS, () -> scene.isSo(NOBODY_KEEPS_A_SNAPSHOT));
    } else {
      throw new IllegalStateException("the owner waits for " + what);
    }
  }

  private Access forAFence() {
    return scene.fencesByIdsAlone() ? FOR_A_FENCE.byIdsAlone() : FOR_A_FENCE;
  }
}
