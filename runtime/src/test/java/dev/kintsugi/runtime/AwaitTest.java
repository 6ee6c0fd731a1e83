package dev.kintsugi.runtime;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.status.AwaitAnswer;
import dev.kintsugi.runtime.status.AwaitAnswer.Applied;
import dev.kintsugi.runtime.status.AwaitAnswer.Deleted;
import dev.kintsugi.runtime.status.AwaitAnswer.Discarded;
import dev.kintsugi.runtime.status.AwaitAnswer.Failed;
import dev.kintsugi.runtime.status.AwaitAnswer.TimedOut;
import dev.kintsugi.runtime.status.AwaitAnswer.Waiting;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.apache.pekko.persistence.query.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who waits for an event, or asks whether a stream is whole, gets an answer that is so. */
@Tag("slow")
class AwaitTest {

  private static final ChangeRequest WHY = new ChangeRequest("ann", "because");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final World world = new World();
  private final TestSystem node = new TestSystem(world);
  private final Kintsugi kintsugi = node.kintsugi();
  private final TestProjection log =
      new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry().thenPark());

  @BeforeEach
  void start() throws Exception {
    world.start(log);
  }

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @Test
  void an_event_that_was_applied_is_answered_for_at_once() throws Exception {
    world.append(world.event("a", 1), world.event("a", 2));

    assertThat(now("a", 2)).isEqualTo(new Applied());
    assertThat(offset(2)).isEqualTo(new Applied());
    assertThat(get(kintsugi.await("log", "a", 2, PATIENCE)).isApplied()).isTrue();
    assertThat(isWhole("a")).isTrue();
    assertThat(isWhole("a stream that nobody has written")).isTrue();
  }

  @Test
  void who_waits_is_answered_when_the_event_is_there() throws Exception {
    List<CompletionStage<AwaitAnswer>> waiting =
        IntStream.rangeClosed(1, 300)
            .mapToObj(i -> kintsugi.await("log", "s" + i % 30, 1 + i % 2, PATIENCE))
            .toList();
    CompletionStage<AwaitAnswer> offset = kintsugi.await("log", Offset.sequence(60), PATIENCE);
    assertThat(now("s1", 1)).isEqualTo(new TimedOut(Waiting.UNWRITTEN));
    assertThat(offset(60)).isEqualTo(new TimedOut(Waiting.UNWRITTEN));

    for (int i = 0; i < 30; i++) {
      world.append(world.event("s" + i, 1), world.event("s" + i, 2));
    }

    for (CompletionStage<AwaitAnswer> answer : waiting) {
      assertThat(get(answer)).isEqualTo(new Applied());
    }
    assertThat(get(offset)).isEqualTo(new Applied());
  }

  @Test
  void what_has_failed_is_reported_to_who_waits_for_it_or_for_what_is_behind_it() throws Exception {
    log.failOn("a/2");
    world.append(world.event("a", 1), world.event("b", 1));
    world.append(world.event("a", 2));
    world.append(world.event("a", 3), world.event("b", 2));
    assertThat(now("a", 2)).as("recorded, and not tried again yet").isInstanceOf(Failed.class);
    world.drainAll(log);

    OpenSkip parked = world.openSkips(log).get(0);
    Failed failed = new Failed(parked.id(), "a", 2, true, parked.error());
    assertThat(get(kintsugi.await("log", "a", 2, PATIENCE))).isEqualTo(failed);
    assertThat(get(kintsugi.await("log", "a", 3, PATIENCE))).isEqualTo(failed);
    assertThat(get(kintsugi.await("log", Offset.sequence(5), PATIENCE))).isEqualTo(failed);
    assertThat(now("a", 1)).isEqualTo(new Applied());
    assertThat(now("b", 2)).isEqualTo(new Applied());
    assertThat(offset(2)).isEqualTo(new Applied());
    assertThat(List.of(isWhole("a"), isWhole("b"))).containsExactly(false, true);

    CompletionStage<AwaitAnswer> later = kintsugi.await("log", "a", 4, PATIENCE);
    log.repair();
    world.operations(log).retryAll(SkipFilter.any(), WHY, false);
    world.drainAll(log);
    world.append(world.event("a", 4));
    Failed retried = new Failed(parked.id(), "a", 2, false, parked.error());
    assertThat(get(later)).as("whenever it was looked for").isIn(new Applied(), failed, retried);
    assertThat(now("a", 4)).isEqualTo(new Applied());
    assertThat(isWhole("a")).isTrue();
  }

  @Test
  void what_was_discarded_is_so_until_a_rebuild_takes_it_in() throws Exception {
    log.failOn("a/1");
    world.append(world.event("a", 1));
    world.append(world.event("a", 2));
    world.drainAll(log);
    OpenSkip parked = world.openSkips(log).get(0);
    world.operations(log).discard(parked, WHY);
    world.drainAll(log);

    assertThat(now("a", 1)).isEqualTo(new Discarded());
    assertThat(offset(parked.id().ordering())).isEqualTo(new Discarded());
    assertThat(now("a", 2)).isEqualTo(new Applied());
    assertThat(offset(parked.id().ordering() + 1)).isEqualTo(new Applied());
    assertThat(isWhole("a")).as("but for what was discarded").isTrue();

    world.requestRebuild(log);
    world.stopRebuild(log);
    world.runToTheEnd(log);
    assertThat(world.generation(log).generation()).isEqualTo(2);
    assertThat(now("a", 1)).as("the read model is the same").isEqualTo(new Discarded());

    log.repair();
    world.requestRebuild(log);
    world.runToTheEnd(log);
    assertThat(now("a", 1)).isEqualTo(new Applied());
  }

  /** The second change comes while the first one catches up, and supersedes it. */
  @Test
  void what_was_discarded_is_so_after_changes_that_keep_the_read_model() throws Exception {
    log.failOn("a/1");
    world.append(world.event("a", 1));
    world.drainAll(log);
    world.operations(log).discard(world.openSkips(log).get(0), WHY);
    world.changeMode(log.following());
    world.stepUntilNotDone(world.owner(log));
    assertThat(world.rebuild(log).isDone()).isFalse();
    assertThat(world.changeMode(log.inline())).hasValue(3);
    world.runToTheEnd(log);

    assertThat(now("a", 1)).isEqualTo(new Discarded());
  }

  @Test
  void what_was_deleted_is_in_the_journal_no_more() throws Exception {
    world.append(world.event("a", 1), world.event("a", 2), world.event("a", 3));
    world
        .database()
        .inTransaction(
            connection -> {
              world.journal().deleteUpTo(connection, "a", 2);
              return connection;
            });

    assertThat(now("a", 1)).isEqualTo(new Deleted());
    assertThat(now("a", 3)).isEqualTo(new Applied());
    assertThat(now("a", 4)).isEqualTo(new TimedOut(Waiting.UNWRITTEN));
    assertThat(offset(1)).as("nothing up to there is missing").isEqualTo(new Applied());
  }

  @Test
  void what_waits_says_for_what() throws Exception {
    world.append(world.event("a", 1));
    world.setPaused(log, true);
    assertThat(now("a", 1)).as("applied before the pause").isEqualTo(new Applied());
    world.append(world.event("a", 2));
    assertThat(now("a", 2)).isEqualTo(new TimedOut(Waiting.PAUSED));
    assertThat(offset(2)).isEqualTo(new TimedOut(Waiting.PAUSED));
    assertThat(isWhole("a")).isFalse();
    world.setPaused(log, false);
    assertThat(now("a", 2)).isEqualTo(new TimedOut(Waiting.BEHIND));
    assertThat(offset(2)).isEqualTo(new TimedOut(Waiting.BEHIND));
    world.drainAll(log);
    assertThat(now("a", 2)).isEqualTo(new Applied());

    world.requestRebuild(log);
    assertThat(now("a", 2)).isEqualTo(new TimedOut(Waiting.REBUILDING));
    assertThat(offset(2)).isEqualTo(new TimedOut(Waiting.REBUILDING));
    assertThat(isWhole("a")).isFalse();
    world.runToTheEnd(log);
    assertThat(now("a", 2)).isEqualTo(new Applied());
    assertThat(isWhole("a")).isTrue();
  }

  @Test
  void a_projection_that_follows_has_what_its_cursor_has_passed() throws Exception {
    TestProjection follows =
        new TestProjection("follows")
            .onFailure(FailurePolicy.skip().withoutRetry().thenPark())
            .following();
    world.append(world.event("a", 1));
    world.register(follows);
    assertThat(state("follows", "a", 1)).isEqualTo(new TimedOut(Waiting.REBUILDING));
    assertThat(get(kintsugi.isWhole("follows", "a"))).isFalse();
    world.runToTheEnd(follows);
    assertThat(state("follows", "a", 1)).isEqualTo(new Applied());
    assertThat(get(kintsugi.isWhole("follows", "a"))).isTrue();
    assertThat(get(kintsugi.isWhole("follows", "b"))).isTrue();

    world.append(world.event("a", 2), world.event("b", 1));
    assertThat(state("follows", "a", 2)).isEqualTo(new TimedOut(Waiting.BEHIND));
    assertThat(get(kintsugi.await("follows", Offset.sequence(3), Duration.ZERO)))
        .isEqualTo(new TimedOut(Waiting.BEHIND));
    assertThat(get(kintsugi.isWhole("follows", "b"))).isFalse();
    CompletionStage<AwaitAnswer> waiting = kintsugi.await("follows", "b", 1, PATIENCE);
    world.setPaused(follows, true);
    assertThat(state("follows", "a", 2)).isEqualTo(new TimedOut(Waiting.PAUSED));
    world.setPaused(follows, false);
    world.follow(follows);
    assertThat(get(waiting)).isEqualTo(new Applied());
    assertThat(state("follows", "a", 2)).isEqualTo(new Applied());
    assertThat(get(kintsugi.isWhole("follows", "b"))).isTrue();

    follows.failOn("a/3");
    world.append(world.event("a", 3), world.event("a", 4), world.event("b", 2));
    world.follow(follows);
    assertThat(state("follows", "a", 4))
        .isInstanceOfSatisfying(
            Failed.class, failed -> assertThat(failed.sequenceNumber()).isEqualTo(3));
    assertThat(state("follows", "b", 2)).isEqualTo(new Applied());
    assertThat(
            world.column("SELECT kintsugi_is_whole('follows', s) FROM (VALUES ('a'), ('b')) q (s)"))
        .containsExactly("f", "t");
  }

  @Test
  void a_projection_that_nobody_knows_is_refused_by_name() {
    assertThatThrownBy(() -> get(kintsugi.await("nobody", "a", 1, PATIENCE)))
        .isInstanceOf(UnknownProjectionException.class)
        .hasMessageContaining("nobody");
    assertThatThrownBy(() -> get(kintsugi.await("nobody", Offset.sequence(1), PATIENCE)))
        .isInstanceOf(UnknownProjectionException.class);
    assertThatThrownBy(() -> get(kintsugi.isWhole("nobody", "a")))
        .isInstanceOf(UnknownProjectionException.class);
    assertThatThrownBy(() -> world.column("SELECT kintsugi_await('nobody', 'a', 1, '1 s')"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42704"))
        .hasMessageContaining("'nobody'");
  }

  @Test
  void no_such_time_and_no_such_offset_are_refused() {
    assertThatThrownBy(() -> kintsugi.await("log", "a", 1, Duration.ofMillis(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> kintsugi.await("log", Offset.noOffset(), PATIENCE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Sequence");
  }

  // Readers without the JVM

  @Test
  void the_database_s_functions_answer_the_same() throws Exception {
    log.failOn("a/2");
    world.append(world.event("a", 1), world.event("b", 1));
    world.append(world.event("a", 2));
    world.drainAll(log);

    assertThat(
            world.column(
                """
                SELECT kintsugi_await('log', s, n, '10 ms')
                FROM (VALUES ('a', 1), ('a', 2), ('b', 1), ('b', 2)) q (s, n)\
                """))
        .containsExactly("applied", "failed", "applied", "unwritten");
    assertThat(
            world.column(
                "SELECT kintsugi_is_whole('log', s) FROM (VALUES ('a'), ('b'), ('c')) q (s)"))
        .containsExactly("f", "t", "t");
    assertThat(world.column("SELECT COALESCE(kintsugi_is_whole('nobody', 'a')::text, 'null')"))
        .containsExactly("null");
  }

  /** The wait sees what others commit meanwhile; in one snapshot it never would, and says so. */
  @Test
  void the_function_waits_on_read_committed_only() throws Exception {
    try (Connection reader = world.database().connection();
        Statement statement = reader.createStatement()) {
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      assertThatThrownBy(
              () -> statement.execute("SELECT kintsugi_await('log', 'a', 1, '1 minute')"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25000"));
      reader.rollback();
      reader.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    }
    Thread writer =
        new Thread(
            () -> {
              try {
                world.append(world.event("a", 1));
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    writer.start();
    assertThat(world.column("SELECT kintsugi_await('log', 'a', 1, '1 minute')"))
        .containsExactly("applied");
    writer.join();
  }

  private AwaitAnswer now(String persistenceId, long sequenceNumber) throws Exception {
    return state("log", persistenceId, sequenceNumber);
  }

  private AwaitAnswer state(String projection, String persistenceId, long sequenceNumber)
      throws Exception {
    return get(kintsugi.await(projection, persistenceId, sequenceNumber, Duration.ZERO));
  }

  private AwaitAnswer offset(long ordering) throws Exception {
    return get(kintsugi.await("log", Offset.sequence(ordering), Duration.ZERO));
  }

  private boolean isWhole(String persistenceId) throws Exception {
    return get(kintsugi.isWhole("log", persistenceId));
  }
}
