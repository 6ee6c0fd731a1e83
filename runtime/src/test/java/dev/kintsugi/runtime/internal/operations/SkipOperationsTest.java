package dev.kintsugi.runtime.internal.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.ArchivedSkip;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipDetails;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipOutcome;
import dev.kintsugi.runtime.skip.SkipPage;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.SkipDesk;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What people do about skip records (DESIGN 8). */
@Tag("slow")
class SkipOperationsTest {

  private static final ChangeRequest WHY = new ChangeRequest("ann", "because");

  private final World world = new World();
  private final TestProjection log =
      new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry().thenPark());
  private final SkipDesk operations = world.operations(log);

  @BeforeEach
  void start() throws Exception {
    world.start(log);
  }

  @AfterEach
  void close() {
    world.close();
  }

  // Looking

  @Test
  void records_are_listed_by_filter_in_pages_that_go_on_where_the_last_one_ended()
      throws Exception {
    parkOneWithTwoBehind();
    world.setPaused(log, true);
    world.append(world.event("b", 1), world.event("c", 1));
    world.setPaused(log, false);

    SkipPage first = operations.page(SkipFilter.any(), 0, 2);
    assertThat(names(first)).containsExactly("a/1 FAILED", "a/2 BEHIND");
    world.drainAll(log);
    SkipPage second = operations.page(SkipFilter.any(), first.next().getAsLong(), 2);
    assertThat(names(second)).as("b/1 and c/1 are applied").containsExactly("a/3 BEHIND");
    assertThat(second.next()).isEqualTo(OptionalLong.empty());

    assertThat(names(page(SkipFilter.any().onlyParked()))).containsExactly("a/1 FAILED");
    assertThat(names(page(SkipFilter.any().notParked())))
        .containsExactly("a/2 BEHIND", "a/3 BEHIND");
    assertThat(names(page(SkipFilter.any().because(SkipReason.BEHIND, SkipReason.PAUSED))))
        .containsExactly("a/2 BEHIND", "a/3 BEHIND");
    assertThat(page(SkipFilter.any().inStream("b")).records()).isEmpty();
    assertThat(names(page(SkipFilter.any().inStream("a").onlyParked())))
        .containsExactly("a/1 FAILED");
    assertThat(page(SkipFilter.any().olderThan(Duration.ofHours(1))).records()).isEmpty();
    world.execute(
        "UPDATE kintsugi_skip SET recorded_at = now() - INTERVAL '2 hours' WHERE sequence_number = 2");
    assertThat(names(page(SkipFilter.any().olderThan(Duration.ofHours(1)))))
        .containsExactly("a/2 BEHIND");
    assertThatThrownBy(() -> operations.page(SkipFilter.any(), 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** It may be applied, discarded or superseded while somebody looks at it. */
  @Test
  void a_record_is_shown_in_full_or_not_at_all_while_it_comes_and_goes() throws Exception {
    parkOneWithTwoBehind();
    SkipId id = parked().id();
    world.execute("CREATE TABLE kept AS SELECT * FROM kintsugi_skip");
    AtomicBoolean ended = new AtomicBoolean();
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Future<String> comesAndGoes =
          other.submit(
              () -> {
                while (!ended.get()) {
                  world.execute("DELETE FROM kintsugi_skip");
                  world.execute("INSERT INTO kintsugi_skip SELECT * FROM kept");
                }
                return "ended";
              });
      for (int shown = 0; shown < 300; ) {
        Optional<SkipDetails> details = operations.details(id);
        if (details.isPresent()) {
          shown++;
          assertThat(details.get().error()).isPresent();
          assertThat(details.get().behind()).isEqualTo(2);
        }
      }
      ended.set(true);
      assertThat(comesAndGoes.get()).isEqualTo("ended");
    } finally {
      ended.set(true);
      other.shutdown();
    }
  }

  @Test
  void one_record_is_shown_in_full_with_its_event_its_error_and_what_is_behind_it()
      throws Exception {
    parkOneWithTwoBehind();
    OpenSkip parked = parked();

    SkipDetails details = operations.details(parked.id()).orElseThrow();

    assertThat(details.record()).isEqualTo(parked);
    assertThat(parked.attempts()).isEqualTo(2);
    assertThat(parked.error()).isEqualTo("java.lang.IllegalArgumentException: poison: a/1");
    assertThat(parked.nextAttemptAt()).isEmpty();
    assertThat(details.error().orElseThrow())
        .startsWith(parked.error())
        .contains("at dev.kintsugi.runtime.testing.TestProjection");
    assertThat(details.event().orElseThrow().json()).isEqualTo("\"a/1\"");
    assertThat(details.event().orElseThrow().type()).isEqualTo("java.lang.String");
    assertThat(details.behind()).isEqualTo(2);
    assertThat(operations.details(new SkipId(1, 4711))).isEmpty();
  }

  @Test
  void a_record_whose_event_can_t_be_deserialized_shows_why_and_what_is_stored() throws Exception {
    parkOneWithTwoBehind();
    world.execute(
        "UPDATE event_journal SET event_ser_id = 4711, event_ser_manifest = 'Gone', event_payload ="
            + " convert_to('{\"a\": 1}', 'UTF8') WHERE sequence_number = 1");

    SkipDetails details = operations.details(parked().id()).orElseThrow();

    assertThat(details.event().orElseThrow().problem()).contains("4711");
    assertThat(details.event().orElseThrow().type()).isEqualTo("Gone");
    assertThat(details.event().orElseThrow().json()).isEqualTo("{\"a\":1}");
  }

  @Test
  void a_record_whose_event_was_deleted_is_shown_without_it() throws Exception {
    parkOneWithTwoBehind();
    world.execute("UPDATE event_journal SET deleted = TRUE WHERE sequence_number = 1");

    assertThat(operations.details(parked().id()).orElseThrow().event()).isEmpty();
  }

  // One

  @Test
  void a_parked_record_that_is_retried_is_applied_and_what_is_behind_it_in_order()
      throws Exception {
    parkOneWithTwoBehind();
    OpenSkip parked = parked();
    log.repair();

    assertThat(operations.retry(parked, WHY)).isEqualTo(new SkipAnswer.Retried(parked.id()));
    world.drainAll(log);

    assertThat(world.applied(log)).containsExactly("a/1", "a/2", "a/3");
    world.auditWhole(log);
    Operation noted = history().get(0);
    assertThat(noted.kind()).isEqualTo(Operation.Kind.RETRY);
    assertThat(noted.requestedBy()).isEqualTo("ann");
    assertThat(noted.reason()).isEqualTo("because");
    assertThat(noted.about()).isEqualTo("event 1 of stream a (skip record " + parked.id() + ")");
    assertThat(noted.records()).isEqualTo(1);
  }

  @Test
  void a_retried_record_has_the_whole_of_its_policys_time_again() throws Exception {
    parkOneWithTwoBehind();
    world.execute(
        "UPDATE kintsugi_skip SET first_failed_at = now() - INTERVAL '1 day' WHERE attempts > 0");
    operations.retry(parked(), WHY);

    assertThat(
            world.column(
                "SELECT attempts || ' ' || (first_failed_at > now() - INTERVAL '1 hour') FROM"
                    + " kintsugi_skip WHERE attempts > 0 AND parked_at IS NULL"))
        .containsExactly("2 true");
  }

  @Test
  void a_discarded_record_is_archived_with_who_and_why_and_its_stream_goes_on() throws Exception {
    parkOneWithTwoBehind();

    SkipAnswer answer = operations.discard(parked(), WHY);
    world.drainAll(log);
    world.append(world.event("a", 4));

    assertThat(world.archived(log)).containsExactly("a/1 discarded", "a/2 applied", "a/3 applied");
    assertThat(world.applied(log)).containsExactly("a/2", "a/3", "a/4");
    world.audit(log);
    assertThat(((SkipAnswer.Discarded) answer).operation()).isEqualTo(history().get(0).id());
    assertThat(
            world.column(
                "SELECT o.requested_by || ' ' || o.reason || ' ' || a.sequence_number FROM"
                    + " kintsugi_skip_archive a JOIN kintsugi_operation o ON o.id = a.operation"))
        .containsExactly("ann because 1");
  }

  @Test
  void a_discard_with_no_reason_is_refused() throws Exception {
    parkOneWithTwoBehind();
    OpenSkip parked = parked();

    assertThat(operations.discard(parked, new ChangeRequest("ann", " ")))
        .isEqualTo(new SkipAnswer.NoReason(parked.id()));
    assertThat(
            operations.discardAll(SkipFilter.any(), new ChangeRequest("ann", ""), false).message())
        .isEqualTo("nothing was discarded: say why, it is kept");

    assertThat(world.open(log)).hasSize(3);
    assertThat(history()).isEmpty();
  }

  @Test
  void a_record_that_is_gone_is_answered_with_what_became_of_it() throws Exception {
    parkOneWithTwoBehind();
    OpenSkip parked = parked();
    log.repair();
    operations.retry(parked, WHY);
    world.drainAll(log);

    for (SkipAnswer answer :
        List.of(operations.retry(parked, WHY), operations.discard(parked, WHY))) {
      Optional<ArchivedSkip> was = ((SkipAnswer.Gone) answer).archived();
      assertThat(was.orElseThrow().outcome()).isEqualTo(SkipOutcome.APPLIED);
      assertThat(answer.message()).contains("was archived as APPLIED at");
    }
    assertThat(history()).as("nothing more was done").hasSize(1);
    world.execute("DELETE FROM kintsugi_skip_archive");
    assertThat(operations.retry(parked, WHY))
        .isEqualTo(new SkipAnswer.Gone(parked.id(), Optional.empty()));
  }

  @Test
  void a_record_that_somebody_has_in_hand_is_not_waited_for() throws Exception {
    parkOneWithTwoBehind();
    OpenSkip parked = parked();
    try (Connection drain = world.database().connection();
        Statement statement = drain.createStatement()) {
      statement.execute("SELECT 1 FROM kintsugi_skip WHERE sequence_number = 1 FOR UPDATE");

      assertThat(operations.retry(parked, WHY)).isEqualTo(new SkipAnswer.InHand(parked.id()));
      assertThat(operations.discard(parked, WHY)).isEqualTo(new SkipAnswer.InHand(parked.id()));
      SkipsAnswer all = operations.discardAll(SkipFilter.any(), WHY, false);
      assertThat(all.message())
          .isEqualTo(
              "2 of 3 records of projection 'log' were discarded; 1 were in hand just then, or gone"
                  + " meanwhile");
    }
    assertThat(world.open(log)).containsExactly("a/1 FAILED");
    world.audit(log);
  }

  @Test
  void of_two_operators_the_second_does_not_undo_what_the_first_did() throws Exception {
    parkOneWithTwoBehind();
    OpenSkip seenByBoth = parked();

    assertThat(operations.retry(seenByBoth, WHY)).isInstanceOf(SkipAnswer.Retried.class);
    SkipAnswer second = operations.discard(seenByBoth, new ChangeRequest("bob", "give it up"));

    assertThat(second).isInstanceOf(SkipAnswer.Changed.class);
    assertThat(second.message()).contains("has failed 2 times and is not parked");
    world.drainAll(log);
    assertThat(operations.retry(seenByBoth, WHY))
        .as("it has failed once more since")
        .isInstanceOf(SkipAnswer.Changed.class);
    OpenSkip now = parked();
    assertThat(operations.discard(now, WHY)).isInstanceOf(SkipAnswer.Discarded.class);
    assertThat(operations.retry(now, WHY)).isInstanceOf(SkipAnswer.Gone.class);
    world.audit(log);
  }

  /** Archived, it would no longer keep its event out of the replay. */
  @Test
  void while_history_is_replayed_nothing_is_discarded() throws Exception {
    log.failOn("a/1");
    world.append(
        world.event("a", 1), world.event("b", 1), world.event("c", 1), world.event("d", 1));
    world.requestRebuild(log);
    RebuildSteps owner = world.owner(log);
    while (world.rebuild(log).phase() != Phase.REPLAY || world.rebuild(log).checkpoint() == 0) {
      world.step(owner);
    }
    world.append(world.event("e", 1));
    OpenSkip recorded =
        world.openSkips(log).stream()
            .filter(skip -> skip.persistenceId().equals("e"))
            .findFirst()
            .orElseThrow();

    assertThat(operations.discard(recorded, WHY)).isEqualTo(new SkipAnswer.NotYet(recorded.id()));
    assertThat(operations.discardAll(SkipFilter.any(), WHY, false).refusal())
        .contains("history is being replayed");
    assertThat(operations.discardAll(SkipFilter.any(), WHY, true).refusal()).isNotEmpty();

    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  /** Stopped where it has read the row, and would have no id yet, were that not taken first. */
  @Test
  void a_discard_has_its_id_before_it_reads_the_row() throws Exception {
    parkOneWithTwoBehind();
    OpenSkip parked = parked();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Connection stopsDiscards = world.database().connection();
        Statement statement = stopsDiscards.createStatement()) {
      statement.execute("LOCK TABLE kintsugi_skip IN EXCLUSIVE MODE");
      Future<SkipAnswer> discard = thread.submit(() -> operations.discard(parked, WHY));
      await().until(world::someoneWaitsForALock);
      Fence fence;
      try (Connection connection = world.database().connection()) {
        fence = Fence.take(connection);
      }
      assertThat(world.database().inTransaction(fence::hasPassed))
          .as("the fence passes a discard under way")
          .isFalse();
      stopsDiscards.rollback();
      assertThat(discard.get()).isInstanceOf(SkipAnswer.Discarded.class);
    } finally {
      thread.shutdownNow();
    }
    world.audit(log);
  }

  @Test
  void a_rebuild_takes_discarded_events_in_again() throws Exception {
    parkOneWithTwoBehind();
    operations.discardAll(SkipFilter.any(), WHY, false);
    log.repair();

    world.requestRebuild(log);
    world.runToTheEnd(log);

    world.auditWhole(log);
  }

  // By filter

  @Test
  void a_dry_run_says_what_would_be_done_and_does_nothing() throws Exception {
    parkOneWithTwoBehind();
    List<OpenSkip> before = world.openSkips(log);

    SkipsAnswer retry = operations.retryAll(SkipFilter.any().onlyParked(), WHY, true);
    SkipsAnswer discard = operations.discardAll(SkipFilter.any(), WHY, true);

    assertThat(retry.message())
        .isEqualTo("1 parked records of projection 'log' would be retried {FAILED=1}");
    assertThat(discard.message())
        .isEqualTo("3 records of projection 'log' would be discarded {FAILED=1, BEHIND=2}");
    assertThat(discard.byReason()).isEqualTo(Map.of(SkipReason.FAILED, 1L, SkipReason.BEHIND, 2L));
    assertThat(discard.some()).isEqualTo(before);
    assertThat(discard.changed() + discard.passedOver()).isZero();
    assertThat(world.openSkips(log)).isEqualTo(before);
    assertThat(history()).isEmpty();
  }

  @Test
  void a_filter_that_matches_nothing_says_so() throws Exception {
    parkOneWithTwoBehind();

    SkipsAnswer answer =
        operations.retryAll(SkipFilter.any().inStream("nobody").onlyParked(), WHY, false);

    assertThat(answer.message())
        .isEqualTo(
            "nothing to be retried: projection 'log' has no open parked records of stream 'nobody'");
    assertThat(answer.matched()).isZero();
    assertThat(history()).isEmpty();
  }

  @Test
  void a_change_of_many_records_is_one_operation_in_several_transactions() throws Exception {
    world.setPaused(log, true);
    int records = 2 * SkipSweep.AT_ONCE + 7;
    NewEvent[] events = new NewEvent[records];
    for (int i = 0; i < records; i++) {
      events[i] = world.event("s" + i, 1);
    }
    world.append(events);
    SkipsAnswer answer = operations.discardAll(SkipFilter.any(), WHY, false);

    assertThat(answer.changed()).isEqualTo(records);
    assertThat(world.open(log)).isEmpty();
    assertThat(history()).hasSize(1);
    assertThat(history().get(0).records()).isEqualTo(records);
    assertThat(history().get(0).about()).isEqualTo("records");
    world.audit(log);
  }

  // Pausing

  @Test
  void a_pause_and_its_end_are_answered_and_noted_once() throws Exception {
    assertThat(pause(true)).isEqualTo(new PauseAnswer.Paused("log"));
    assertThat(pause(true))
        .isEqualTo(new PauseAnswer.AlreadySo("log", true, Optional.of(history().get(0))));
    world.append(world.event("a", 1));
    assertThat(world.open(log)).containsExactly("a/1 PAUSED");

    assertThat(pause(false)).isEqualTo(new PauseAnswer.Resumed("log"));
    assertThat(pause(false)).isInstanceOf(PauseAnswer.AlreadySo.class);
    world.drainAll(log);

    assertThat(history())
        .extracting(Operation::kind)
        .containsExactly(Operation.Kind.RESUME, Operation.Kind.PAUSE);
    world.auditWhole(log);
    assertThatThrownBy(
            () ->
                world
                    .database()
                    .inTransaction(connection -> Pausing.pause(connection, "nobody", WHY)))
        .isInstanceOf(UnknownProjectionException.class);
  }

  private PauseAnswer pause(boolean paused) throws Exception {
    return world.setPaused(log, paused, WHY);
  }

  // a/1 is parked, a/2 and a/3 wait behind it.
  private void parkOneWithTwoBehind() throws Exception {
    log.failOn("a/1");
    world.append(world.event("a", 1));
    world.append(world.event("a", 2), world.event("a", 3));
    world.drainAll(log);
    assertThat(parked().persistenceId()).isEqualTo("a");
  }

  private OpenSkip parked() throws Exception {
    return page(SkipFilter.any().onlyParked()).records().get(0);
  }

  private SkipPage page(SkipFilter filter) throws Exception {
    return operations.page(filter, 0, 100);
  }

  private static List<String> names(SkipPage page) {
    return page.records().stream()
        .map(skip -> skip.persistenceId() + "/" + skip.sequenceNumber() + " " + skip.reason())
        .toList();
  }

  private List<Operation> history() throws Exception {
    return world
        .database()
        .inTransaction(connection -> OperationLog.history(connection, "log", 10));
  }
}
