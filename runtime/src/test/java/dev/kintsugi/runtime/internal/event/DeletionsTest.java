package dev.kintsugi.runtime.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.status.WaitingDeletions;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the application deletes stays as long as somebody needs it, and no longer. */
class DeletionsTest {

  private final World world = new World();
  private final TestProjection log =
      new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry().thenPark());

  @AfterEach
  void close() {
    world.close();
  }

  private void delete(String persistenceId, long upTo) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              world.journal().deleteUpTo(connection, persistenceId, upTo);
              return connection;
            });
  }

  /** The rows of stream a; those that are marked as deleted bear a minus. */
  private List<String> rows() throws Exception {
    return world.column(
        "SELECT CASE WHEN deleted THEN '-' ELSE '' END || sequence_number FROM event_journal"
            + " WHERE persistence_id = 'a' ORDER BY sequence_number");
  }

  private List<Long> replayed(long from) throws Exception {
    return world
        .database()
        .inTransaction(
            connection -> {
              List<Long> numbers = new ArrayList<>();
              world
                  .journal()
                  .replay(
                      connection,
                      "a",
                      from,
                      Long.MAX_VALUE,
                      Long.MAX_VALUE,
                      row -> numbers.add(row.sequenceNumber()));
              return numbers;
            });
  }

  private List<String> waiting() throws Exception {
    return world.column(
        "SELECT persistence_id || ' ' || up_to || ': ' || events FROM kintsugi_deletion ORDER BY 1");
  }

  private WaitingDeletions waitingFor(String projection) throws Exception {
    return world
        .database()
        .inTransaction(
            connection -> WaitingDeletionRows.read(connection, world.journal(), projection));
  }

  private WaitingDeletions waitingForAny() throws Exception {
    return world.database().inTransaction(WaitingDeletionRows::readAll);
  }

  private void append(long from, long to) throws Exception {
    world.append(
        LongStream.rangeClosed(from, to)
            .mapToObj(number -> world.event("a", number))
            .toArray(NewEvent[]::new));
  }

  /** Six events of stream a, of which the third is parked. */
  private void parkTheThird() throws Exception {
    world.start(log.failOn("a/3"));
    append(1, 6);
    world.drainAll(log);
    assertThat(world.open(log))
        .containsExactly("a/3 FAILED", "a/4 BEHIND", "a/5 BEHIND", "a/6 BEHIND");
  }

  @Test
  void what_a_parked_event_holds_up_is_deleted_once_it_was_retried() throws Exception {
    parkTheThird();

    delete("a", 5);

    assertThat(rows()).containsExactly("-2", "3", "4", "5", "6");
    assertThat(replayed(1)).as("what actors see").containsExactly(6L);
    assertThat(waiting()).containsExactly("a 5: 3");
    assertThat(waitingFor("log")).isEqualTo(new WaitingDeletions(3, 1, List.of("a")));
    assertThat(waitingFor("another")).isEqualTo(new WaitingDeletions(0, 0, List.of()));
    assertThat(waitingForAny()).isEqualTo(new WaitingDeletions(3, 1, List.of("a")));

    log.repair();
    world.operations(log).retryAll(SkipFilter.any(), new ChangeRequest("ann", "mended"), false);
    world.drainAll(log);

    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3", "a/4", "a/5", "a/6");
    assertThat(rows()).containsExactly("-5", "6");
    assertThat(waiting()).isEmpty();
    assertThat(waitingForAny()).isEqualTo(new WaitingDeletions(0, 0, List.of()));
    assertThat(replayed(1)).containsExactly(6L);
    assertThat(world.archived(log)).noneMatch(record -> record.contains("deleted"));
  }

  @Test
  void what_a_parked_event_holds_up_is_deleted_once_it_was_discarded() throws Exception {
    parkTheThird();
    delete("a", 5);

    world
        .operations(log)
        .discard(world.openSkips(log).get(0), new ChangeRequest("ann", "a test order"));
    world.drainAll(log);

    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/4", "a/5", "a/6");
    assertThat(rows()).containsExactly("-5", "6");
    assertThat(waiting()).isEmpty();
  }

  @Test
  void what_comes_before_a_needed_event_and_other_streams_do_not_wait() throws Exception {
    parkTheThird();
    world.append(world.event("b", 1), world.event("b", 2));

    delete("a", 2);
    delete("b", 2);

    assertThat(waiting()).isEmpty();
    assertThat(rows()).containsExactly("-2", "3", "4", "5", "6");
    assertThat(world.column("SELECT deleted FROM event_journal WHERE persistence_id = 'b'"))
        .containsExactly("t");
  }

  @Test
  void all_of_a_stream_is_what_there_is_now_and_a_second_wish_goes_beyond_the_first()
      throws Exception {
    parkTheThird();
    delete("a", Long.MAX_VALUE);
    assertThat(waiting()).containsExactly("a 6: 4");
    assertThat(replayed(1)).isEmpty();
    assertThat(replayed(5)).isEmpty();
    append(7, 8);
    assertThat(replayed(1)).containsExactly(7L, 8L);

    delete("a", 7);
    delete("a", 4);

    assertThat(waiting()).containsExactly("a 7: 5");
    assertThat(replayed(1)).containsExactly(8L);
    assertThat(replayed(5)).containsExactly(8L);
    Long highest =
        world
            .database()
            .inTransaction(connection -> world.journal().highestSequenceNumber(connection, "a"));
    assertThat(highest).isEqualTo(8);
    log.repair();
    world.operations(log).retryAll(SkipFilter.any(), new ChangeRequest("ann", "mended"), false);
    world.drainAll(log);
    assertThat(rows()).containsExactly("-7", "8");
    assertThat(world.applied(log)).hasSize(8);
  }

  @Test
  void a_rebuild_replays_what_was_there_when_it_began() throws Exception {
    append(1, 6);
    world.register(log);
    delete("a", 3);
    assertThat(rows()).as("before its fence").containsExactly("1", "2", "3", "4", "5", "6");

    RebuildSteps owner = world.owner(log);
    while (!world.applied(log).equals(List.of("a/1", "a/2"))) {
      assertThat(world.step(owner)).isInstanceOf(RebuildStep.Done.class);
    }
    delete("a", 5);
    assertThat(rows()).as("what it has replayed is free").containsExactly("-2", "3", "4", "5", "6");
    assertThat(waitingFor("log")).isEqualTo(new WaitingDeletions(3, 1, List.of("a")));

    world.runToTheEnd(log);
    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3", "a/4", "a/5", "a/6");
    assertThat(rows()).containsExactly("-5", "6");
    assertThat(waiting()).isEmpty();
  }

  @Test
  void an_event_that_a_replay_has_recorded_stays() throws Exception {
    append(1, 6);
    world.register(log.failOn("a/3"));
    assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Activated.class);

    delete("a", 5);

    assertThat(rows()).containsExactly("-2", "3", "4", "5", "6");
    assertThat(waiting()).containsExactly("a 5: 3");
  }

  @Test
  void a_rebuild_that_begins_waits_for_a_deletion_that_is_under_way() throws Exception {
    world.start(log);
    append(1, 3);
    try (Connection deleting = world.database().connection()) {
      world.journal().deleteUpTo(deleting, "a", 2);
      world.requestRebuild(log);
      RebuildSteps owner = world.owner(log);
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Waiting.class);
      deleting.commit();
      assertThat(world.stepUntilNotDone(owner)).isInstanceOf(RebuildStep.Activated.class);
    }
    assertThat(world.applied(log)).containsExactly("a/3");
  }

  @Test
  void a_deletion_that_is_being_carried_out_and_a_further_wish_lose_nothing() throws Exception {
    parkTheThird();
    delete("a", 4);
    log.repair();
    world.operations(log).retryAll(SkipFilter.any(), new ChangeRequest("ann", "mended"), false);
    world.database().inTransaction(connection -> openRecordOf(connection, 6));
    try (Connection wishing = world.database().connection()) {
      // It holds the row of the deletion that the drain would carry out.
      world.journal().deleteUpTo(wishing, "a", 6);
      world.drain(log);
      assertThat(waiting()).containsExactly("a 4: 2");
      wishing.commit();
    }
    world.drainAll(log);
    assertThat(rows()).containsExactly("-6");
    assertThat(world.applied(log)).hasSize(6);
  }

  /** Only looks that the record is there: what the wish comes upon. */
  private static Connection openRecordOf(Connection connection, long number) throws SQLException {
    try (var select =
        connection.prepareStatement("SELECT FROM kintsugi_skip WHERE sequence_number = ?")) {
      select.setLong(1, number);
      assertThat(select.executeQuery().next()).isTrue();
    }
    return connection;
  }
}
