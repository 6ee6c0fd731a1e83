package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.finality.FinalOrdering;
import dev.kintsugi.runtime.internal.follow.FollowStep;
import dev.kintsugi.runtime.internal.follow.Follower;
import dev.kintsugi.runtime.internal.follow.JournalReader;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.rebuild.ModeChange;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** What sessions do where a projection follows the journal, or is to: the production code. */
final class Following {

  /** What the owner of a change waits for while its follower is behind. */
  static final Access WAITED_FOR = Access.ofLook(Set.of("kintsugi_cursor"), false);

  static final String HAS_PASSED_THE_BOUND =
      """
      SELECT c.position >= r.replay_to FROM kintsugi_cursor c
      JOIN kintsugi_rebuild r USING (projection, generation)
      ORDER BY generation DESC LIMIT 1
      """;

  private static final String DRAINABLE =
      """
      SELECT EXISTS (
        SELECT 1 FROM kintsugi_skip JOIN kintsugi_projection p USING (projection, generation)
          JOIN kintsugi_rebuild r USING (projection, generation)
        WHERE p.status = 'following' AND r.phase IN ('settle', 'done'))
      """;

  private static final Access LOOKED_AT =
      Access.ofLook(Set.of("kintsugi_skip", "kintsugi_projection", "kintsugi_rebuild"), false);

  private static final String FOLLOWABLE =
      """
      SELECT EXISTS (
        SELECT 1 FROM kintsugi_cursor c JOIN kintsugi_projection p USING (projection, generation)
        WHERE p.status = 'following' AND c.generation = %d
          AND c.position < (SELECT max(ordering) FROM event_journal))
      """;

  private static final Access FOLLOWED =
      Access.ofLook(Set.of("kintsugi_cursor", "kintsugi_projection", "event_journal"), false);

  private static final int PAGE = 3;

  private final Scene scene;
  private final Programs programs;

  Following(Scene scene, Programs programs) {
    this.scene = scene;
    this.programs = programs;
  }

  /** Changes the projection to follow from now on, and carries that to its proven end. */
  Program changeToFollowing() {
    return (database, session) -> change(database, session, scene.log().following().definition());
  }

  /** The other way round. */
  Program changeToInline() {
    return (database, session) -> change(database, session, scene.log().inline().definition());
  }

  private void change(Database database, Session session, Projection<?> definition)
      throws Exception {
    if (database.inTransaction(connection -> ModeChange.begin(connection, definition)).isEmpty()) {
      throw new IllegalStateException("there is nothing to change");
    }
    RebuildSteps owner =
        scene
            .world()
            .owner(
                scene.log(),
                World.SMALL_STEPS,
                database,
                Runnable::run,
                () -> CompletableFuture.completedFuture(proven(database, session)));
    programs.carryOn(session, owner, true);
    scene.audit("when the change was reported as done");
  }

  /** Has a generation follow whenever there is something behind its cursor. */
  Program follower(int generation) {
    return (database, session) -> {
      String followable = FOLLOWABLE.formatted(generation);
      Follower follower = scene.world().follower(scene.log(), generation, database, false);
      JournalReader reader = scene.world().journalReader();
      boolean follows = false;
      try (Applier applier = new Applier()) {
        while (true) {
          session.awaitWork("looks at the journal", FOLLOWED, () -> scene.isSo(followable));
          long upTo = proven(database, session);
          follows = follows || follower.open() instanceof FollowStep.Moved;
          while (follows && follower.position() < upTo) {
            follows =
                follower.take(
                        applier,
                        database.inTransaction(
                            connection ->
                                reader.read(connection, follower.position(), upTo, PAGE, false)))
                    instanceof FollowStep.Moved;
          }
        }
      }
    };
  }

  /** Drains a generation that follows. */
  Program recovery(int generation, int looks) {
    return programs.recovery(generation, looks, LOOKED_AT, DRAINABLE);
  }

  /**
   * Appends an event in a transaction during which nobody else does anything: that is enough for
   * somebody's number to be the lower one, who commits later.
   */
  Program appendAtOnce(String stream) {
    return (database, session) -> {
      session.touchesOnly(access -> access.ofStream(scene.byStream(), stream));
      session.await(
          "appends at once",
          Access.ofWhole(
              Set.of("kintsugi_projection", "kintsugi_skip"),
              Set.of("event_journal", "log_log"),
              Set.of("event_journal", "log_log", "kintsugi_skip")),
          () -> true);
      scene.world().append(scene.world().event(stream, 1));
    };
  }

  /** The highest ordering that there is by now, once the journal is final up to there. */
  private long proven(Database database, Session session) {
    try {
      FinalOrdering first;
      try (Connection connection = database.connection()) {
        first = look(connection, FinalOrdering.NONE);
      }
      if (first.unproven().isEmpty()) {
        return first.ordering();
      }
      long highest = first.unproven().get().ordering();
      session.await(
          "waits for those who may have drawn a lower number",
          Access.ofProof(),
          () -> scene.ask(connection -> look(connection, first)).ordering() >= highest);
      return highest;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private FinalOrdering look(Connection connection, FinalOrdering known) throws Exception {
    NumberedTable orderings = scene.world().journal().orderings();
    return known.look(connection, orderings, 0, 0);
  }
}
