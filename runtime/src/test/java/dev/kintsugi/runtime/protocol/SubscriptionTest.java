package dev.kintsugi.runtime.protocol;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.persistence.journal.Tagged;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A projection gets the same events whoever applies them: the writer, a replay, a drain, a writer
 * that helps. And what it does not subscribe to costs it nothing and can't harm it.
 */
@Tag("slow")
class SubscriptionTest {

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  /** What is subscribed to; and which of {@link #history} and {@link #next} that is. */
  enum By {
    CLASS(
        "Order|1/1 Order|1/2 Order/1 Orders|1/1 Bill|1/1 Bill|1/3",
        "Order|1/4 Order/2 Orders|1/2 Bill|1/4"),
    ENTITY_TYPE("Order|1/1 Order|1/2 Bill|1/1 Bill|1/3", "Order|1/4 Bill|1/4"),
    TAG("Order|1/1 Order/1 Orders|1/1 Bill|1/3", "Order|1/4 Order/2 Orders|1/2 Bill|1/4"),
    ALL_THREE("Order|1/1", "Order|1/4");

    private final String ofHistory;
    private final String ofNext;

    By(String ofHistory, String ofNext) {
      this.ofHistory = ofHistory;
      this.ofNext = ofNext;
    }

    List<String> ofHistory() {
      return List.of(ofHistory.split(" "));
    }

    List<String> ofNext() {
      return List.of(ofNext.split(" "));
    }

    List<String> all() {
      return List.of((ofHistory + " " + ofNext).split(" "));
    }

    TestProjection projection() {
      TestProjection log = new TestProjection("log");
      return switch (this) {
        case CLASS -> log;
        case ENTITY_TYPE -> log.entityTypes("Order", "Bill");
        case TAG -> log.tags("red", "green");
        case ALL_THREE -> log.entityTypes("Order").tags("red", "yellow");
      };
    }
  }

  private NewEvent tagged(String persistenceId, long sequenceNumber, Object payload, String tag) {
    return world.event(persistenceId, sequenceNumber, new Tagged(payload, Set.of(tag, "any")));
  }

  /** Events of several entity types, with tags or without, some of another class. */
  private NewEvent[] history() {
    return new NewEvent[] {
      tagged("Order|1", 1, "one", "red"),
      world.event("Order|1", 2, "two"),
      tagged("Order|1", 3, 3L, "red"),
      tagged("Order", 1, "one", "red"),
      tagged("Orders|1", 1, "one", "red"),
      tagged("Bill|1", 1, "one", "blue"),
      tagged("Bill|1", 2, 2L, "green"),
      tagged("Bill|1", 3, "three", "green")
    };
  }

  /** The end of each stream, for which a writer helps. */
  private NewEvent[] next() {
    return new NewEvent[] {
      tagged("Order|1", 4, "four", "red"),
      tagged("Order", 2, "two", "red"),
      tagged("Orders|1", 2, "two", "red"),
      tagged("Bill|1", 4, "four", "green")
    };
  }

  private void setPaused(TestProjection projection, boolean paused) throws Exception {
    world
        .database()
        .inTransaction(connection -> Generations.setPaused(connection, projection.name(), paused));
  }

  /**
   * Records everything: a node without the handler can't tell what it subscribes to, where that is
   * not stored either.
   */
  private void appendWithoutHandler(TestProjection projection, NewEvent... events)
      throws Exception {
    world.execute("DELETE FROM kintsugi_subscription");
    world.forgetHandlers();
    world.append(events);
    world.haveHandlersOf(projection);
    assertThat(world.open(projection))
        .hasSize(events.length)
        .allMatch(record -> record.endsWith(" NO_HANDLER"));
  }

  @ParameterizedTest
  @EnumSource
  void a_node_without_the_handler_records_only_what_the_stored_subscription_may_include(By by)
      throws Exception {
    TestProjection log = by.projection();
    world.start(log);
    world.forgetHandlers();

    world.append(history());

    assertThat(world.open(log))
        .as("a class can't be asked without the handler's build")
        .containsExactlyElementsOf(
            Stream.of(history())
                .filter(
                    event ->
                        log.definition()
                            .subscription()
                            .includes(event.row().persistenceId(), event.tags()))
                .map(
                    event ->
                        "%s/%d NO_HANDLER"
                            .formatted(event.row().persistenceId(), event.row().sequenceNumber()))
                .toList());
    world.haveHandlersOf(log);
    world.drainAll(log);
    assertThat(world.applied(log)).containsExactlyElementsOf(by.ofHistory());
  }

  @Test
  void while_it_is_rebuilt_a_node_without_the_handler_records_no_more_than_that_either()
      throws Exception {
    TestProjection log = new TestProjection("log").entityTypes("Order");
    world.start(log);
    world.requestRebuild(log);
    world.forgetHandlers();

    world.append(world.event("Order|1", 1), world.event("Bill|1", 1));

    assertThat(world.open(log)).containsExactly("Order|1/1 REBUILDING");
  }

  @Test
  void of_each_version_its_own_subscription_counts() throws Exception {
    TestProjection log = new TestProjection("log").entityTypes("Order");
    world.start(log);
    TestProjection wider = new TestProjection("log").version(2).entityTypes("Order", "Bill");
    world.raise(wider);
    world.forgetHandlers();

    world.append(world.event("Order|1", 1), world.event("Bill|1", 1), world.event("Till|1", 1));

    assertThat(world.open(log)).containsExactly("Order|1/1 REBUILDING", "Bill|1/1 REBUILDING");
  }

  @ParameterizedTest
  @EnumSource
  void inline(By by) throws Exception {
    TestProjection log = by.projection();
    world.start(log);

    world.append(history());
    world.append(next());

    assertThat(world.applied(log)).containsExactlyElementsOf(by.all());
    assertThat(world.open(log)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void by_replay(By by) throws Exception {
    TestProjection log = by.projection();
    world.append(history());
    world.append(next());

    world.start(log);

    assertThat(world.applied(log)).containsExactlyElementsOf(by.all());
    assertThat(world.rebuild(log).replayed()).isEqualTo(by.all().size());
  }

  @ParameterizedTest
  @EnumSource
  void by_drain(By by) throws Exception {
    TestProjection log = by.projection();
    world.start(log);
    appendWithoutHandler(log, history());

    world.drainAll(log);

    assertThat(world.applied(log)).containsExactlyElementsOf(by.ofHistory());
    assertThat(world.archived(log)).hasSize(history().length);
    assertThat(world.archived(log).stream().filter(record -> record.endsWith(" applied")))
        .containsExactlyElementsOf(
            by.ofHistory().stream().map(event -> event + " applied").toList());
  }

  @ParameterizedTest
  @EnumSource
  void by_helping(By by) throws Exception {
    TestProjection log = by.projection();
    world.start(log);
    appendWithoutHandler(log, history());

    world.append(next());

    assertThat(world.applied(log)).containsExactlyInAnyOrderElementsOf(by.all());
    Set<String> streams = streams(by.ofNext());
    assertThat(streams(world.open(log)))
        .as("left to the drain: streams of which nothing was appended that is subscribed to")
        .doesNotContainAnyElementsOf(streams);
    world.drainAll(log);
    assertThat(world.applied(log)).containsExactlyInAnyOrderElementsOf(by.all());
    assertThat(world.open(log)).isEmpty();
  }

  private static Set<String> streams(List<String> events) {
    return events.stream()
        .map(event -> event.substring(0, event.indexOf('/')))
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @EnumSource
  void only_what_is_subscribed_to_is_recorded(By by) throws Exception {
    TestProjection log = by.projection();
    world.start(log);
    setPaused(log, true);

    world.append(history());

    assertThat(world.open(log))
        .containsExactlyElementsOf(
            by.ofHistory().stream().map(event -> event + " PAUSED").toList());
  }

  // What can't be deserialized

  /** Makes an event unreadable for good. */
  private void spoil(String persistenceId, long sequenceNumber) throws Exception {
    world.execute(
        "UPDATE event_journal SET event_ser_id = 987654 WHERE persistence_id = '%s' AND sequence_number = %d"
            .formatted(persistenceId, sequenceNumber));
  }

  @ParameterizedTest
  @EnumSource(names = {"ENTITY_TYPE", "ALL_THREE"})
  void an_undecodable_event_of_another_entity_type_fails_no_replay(By by) throws Exception {
    TestProjection log = by.projection();
    world.append(history());
    spoil("Orders|1", 1);

    world.start(log);

    assertThat(world.applied(log)).containsExactlyElementsOf(by.ofHistory());
    assertThat(world.column("SELECT projection FROM kintsugi_skip")).isEmpty();
    assertThat(world.archived(log)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"ENTITY_TYPE", "ALL_THREE"})
  void an_undecodable_event_of_another_entity_type_fails_no_drain(By by) throws Exception {
    TestProjection log = by.projection();
    world.start(log);
    appendWithoutHandler(log, history());
    spoil("Orders|1", 1);
    world.execute("DELETE FROM event_journal WHERE persistence_id = 'Order'");

    world.drainAll(log);

    assertThat(world.applied(log)).containsExactlyElementsOf(by.ofHistory());
    assertThat(world.open(log)).isEmpty();
    assertThat(world.archived(log)).contains("Orders|1/1 unsubscribed", "Order/1 unsubscribed");
  }

  @ParameterizedTest
  @EnumSource(names = {"TAG", "ALL_THREE"})
  void an_undecodable_event_without_the_tags_fails_no_replay_no_drain_and_no_writer_that_helps(
      By by) throws Exception {
    TestProjection log = by.projection();
    world.append(history());
    spoil("Order|1", 2);

    world.start(log);
    assertThat(world.applied(log)).as("replayed").containsExactlyElementsOf(by.ofHistory());
    assertThat(world.archived(log)).isEmpty();

    appendWithoutHandler(log, world.event("Order|1", 4, "untagged"));
    spoil("Order|1", 4);
    world.append(tagged("Order|1", 5, "five", "red"));
    assertThat(world.applied(log)).as("helped").endsWith("Order|1/5");
    assertThat(world.open(log)).isEmpty();

    appendWithoutHandler(log, world.event("Order|1", 6, "untagged"));
    spoil("Order|1", 6);
    world.drainAll(log);
    assertThat(world.open(log)).isEmpty();
    assertThat(world.archived(log))
        .containsExactly("Order|1/4 unsubscribed", "Order|1/6 unsubscribed");
  }

  @Test
  void an_undecodable_event_that_may_be_the_projections_fails() throws Exception {
    TestProjection log = By.ALL_THREE.projection();
    world.append(history());
    spoil("Order|1", 1);
    world.register(log);

    assertThat(world.stepUntilNotDone(world.owner(log))).isInstanceOf(RebuildStep.Activated.class);

    assertThat(world.open(log)).startsWith("Order|1/1 FAILED");
  }

  // What it costs

  @Test
  void a_projection_that_does_not_subscribe_by_tag_reads_no_tags() throws Exception {
    TestProjection log = By.ENTITY_TYPE.projection();
    world.append(history());
    world.execute("ALTER TABLE event_tag RENAME TO event_tag_out_of_reach");
    world.start(log);
    appendWithoutHandler(log, world.event("Bill|1", 4), world.event("Bill|2", 1));

    world.append(world.event("Bill|1", 5));
    world.drainAll(log);

    assertThat(world.applied(log)).endsWith("Bill|1/4", "Bill|1/5", "Bill|2/1");
  }

  @Test
  void a_drain_of_what_is_not_subscribed_to_does_not_wait_for_shared_rows() throws Exception {
    TestProjection log = new TestProjection("log").sharedRows().tags("red");
    world.start(log);
    appendWithoutHandler(log, world.event("Bill|1", 1));
    try (World.HeldWriter writer = world.holdWriter()) {
      writer.write(tagged("Order|1", 1, "one", "red"));

      CompletableFuture<Void> drain =
          CompletableFuture.runAsync(
              () -> assertThatCode(() -> world.drainAll(log)).doesNotThrowAnyException());
      eventually(() -> assertThat(drain.isDone() || world.someoneWaitsForALock()).isTrue());

      assertThat(world.someoneWaitsForALock()).isFalse();
      get(drain);
      assertThat(world.archived(log)).containsExactly("Bill|1/1 unsubscribed");
      writer.rollback();
    }
  }
}
