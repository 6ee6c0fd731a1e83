package dev.kintsugi.runtime.internal.durable;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.persistence.OrderingsWentBackException;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.testing.HeldStates;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.WaitingQueries;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.persistence.query.DurableStateChange;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.Sequence;
import org.apache.pekko.persistence.query.UpdatedDurableState;
import org.apache.pekko.persistence.query.javadsl.DurableStateStoreQuery;
import org.apache.pekko.persistence.query.typed.javadsl.DurableStateStoreBySliceQuery;
import org.apache.pekko.persistence.state.DurableStateStoreRegistry;
import org.apache.pekko.persistence.state.javadsl.DurableStateUpdateStore;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Changes of durable states, as whoever knows the stock plugin asks for them. */
@Tag("slow")
class DurableStateQueryTest {

  private static final String OURS = "kintsugi.durable-state";
  private static final String SMALL_PAGES =
      "kintsugi.query { batch-size = 2, poll-min = 1ms, poll-max = 20ms, warn-after = 1ms }";
  private static final String NO_POLLS = "kintsugi.query { poll-min = 1h, poll-max = 1h }";

  private final World world = new World();
  private final HeldStates held = new HeldStates();
  private final WaitingQueries waiting = new WaitingQueries();
  private TestSystem node = new TestSystem(world, SMALL_PAGES);

  @AfterEach
  void close() {
    node.close();
    world.close();
    waiting.close();
  }

  // By tag

  @Test
  void a_tags_states_come_once_in_the_order_of_their_last_changes() throws Exception {
    write("a", 1, "red");
    write("b", 1, "blue");
    write("c", 1, "red");
    write("d", 1, "");
    write("e", 1, "red");
    write("a", 2, "red");
    write("e", 2, "blue");

    assertThat(all(query().currentChanges("red", Offset.noOffset())))
        .extracting(DurableStateQueryTest::show)
        .containsExactly("c 1 at 3: c/1", "a 2 at 6: a/2");
    assertThat(all(query().currentChanges("green", Offset.noOffset()))).isEmpty();
    assertThat(all(query().currentChanges("", Offset.noOffset()))).isEmpty();
  }

  @Test
  void a_change_has_value_revision_offset_and_the_time_of_its_writing() throws Exception {
    long before = System.currentTimeMillis();
    get(store().upsertObject("a", 1, 4711L, "red"));

    UpdatedDurableState<Object> change =
        (UpdatedDurableState<Object>) all(query().currentChanges("red", Offset.noOffset())).get(0);

    assertThat(change.persistenceId()).isEqualTo("a");
    assertThat(change.revision()).isEqualTo(1);
    assertThat(change.value()).isEqualTo(4711L);
    assertThat(change.offset()).isEqualTo(new Sequence(1));
    assertThat(change.timestamp()).isBetween(before, System.currentTimeMillis());
  }

  @Test
  void a_query_goes_on_behind_its_offset() throws Exception {
    for (String state : List.of("a", "b", "c", "d", "e")) {
      write(state, 1, "red");
    }
    List<DurableStateChange<Object>> changes =
        all(query().currentChanges("red", Offset.noOffset()));
    assertThat(changes).hasSize(5);

    assertThat(all(query().currentChanges("red", changes.get(1).offset())))
        .extracting(DurableStateChange::persistenceId)
        .containsExactly("c", "d", "e");
    assertThat(all(query().currentChanges("red", changes.get(4).offset()))).isEmpty();
    assertThat(all(query().currentChanges("red", Offset.sequence(0)))).hasSize(5);
    write("b", 2, "red");
    assertThat(all(query().currentChanges("red", changes.get(4).offset())))
        .extracting(DurableStateQueryTest::show)
        .containsExactly("b 2 at 6: b/2");
  }

  @Test
  void a_live_query_goes_on_with_what_is_changed() throws Exception {
    write("a", 1, "red");
    Live live = live(query().changes("red", Offset.noOffset()));
    assertThat(live.next()).isEqualTo("a 1 at 1: a/1");

    write("b", 1, "red");
    assertThat(live.next()).isEqualTo("b 1 at 2: b/1");
    write("c", 1, "blue");
    write("a", 2, "red");
    assertThat(live.next()).isEqualTo("a 2 at 4: a/2");
    live.cancel();
  }

  @Test
  void of_a_state_that_is_changed_many_times_a_live_query_hands_out_the_newest() throws Exception {
    Live live = live(query().changes("red", Offset.noOffset()));
    for (int revision = 1; revision <= 50; revision++) {
      write("a", revision, "red");
    }
    List<String> seen = new ArrayList<>();
    do {
      seen.add(live.next());
    } while (!seen.get(seen.size() - 1).equals("a 50 at 50: a/50"));

    assertThat(seen).doesNotHaveDuplicates();
    live.cancel();
  }

  @Test
  void a_state_that_loses_its_tag_is_no_more_among_the_tags_states() throws Exception {
    write("a", 1, "red");
    write("a", 2, "blue");

    assertThat(all(query().currentChanges("red", Offset.noOffset()))).isEmpty();
    assertThat(all(query().currentChanges("blue", Offset.noOffset()))).hasSize(1);
  }

  // What is final

  @Test
  void a_change_that_commits_late_is_waited_for_and_not_passed_over() throws Exception {
    Live live = live(query().changes("red", Offset.noOffset()));
    CompletionStage<Optional<DurableStateChange<Object>>> first;
    try (Connection late = world.database().connection()) {
      held.upsert(late, "late", 1, "red");
      write("early", 1, "red");
      first = live.pull();
      waiting.are("have waited");
      assertThat(first.toCompletableFuture()).isNotDone();
      late.commit();
    }

    assertThat(show(get(first).orElseThrow())).isEqualTo("late 1 at 1: late/1");
    assertThat(live.next()).isEqualTo("early 1 at 2: early/1");
    live.cancel();
  }

  @Test
  void an_update_that_commits_late_is_waited_for_and_not_passed_over() throws Exception {
    write("late", 1, "red");
    Live live = live(query().changes("red", Offset.noOffset()));
    assertThat(live.next()).isEqualTo("late 1 at 1: late/1");
    CompletionStage<Optional<DurableStateChange<Object>>> next;
    try (Connection late = world.database().connection()) {
      held.upsert(late, "late", 2, "red");
      write("early", 1, "red");
      next = live.pull();
      waiting.are("have waited");
      assertThat(next.toCompletableFuture()).isNotDone();
      late.commit();
    }

    assertThat(show(get(next).orElseThrow())).isEqualTo("late 2 at 2: late/2");
    assertThat(live.next()).isEqualTo("early 1 at 3: early/1");
    live.cancel();
  }

  @Test
  void a_change_that_is_rolled_back_is_waited_for_by_nobody() throws Exception {
    Live live = live(query().changes("red", Offset.noOffset()));
    try (Connection never = world.database().connection()) {
      held.upsert(never, "never", 1, "red");
      write("a", 1, "red");
      never.rollback();
    }

    assertThat(live.next()).isEqualTo("a 1 at 2: a/1");
    live.cancel();
  }

  @Test
  void a_current_query_ends_with_all_that_was_committed_and_waits_for_what_was_open()
      throws Exception {
    CompletionStage<List<DurableStateChange<Object>>> current;
    try (Connection late = world.database().connection()) {
      held.upsert(late, "late", 1, "red");
      write("early", 1, "red");
      current = run(query().currentChanges("red", Offset.noOffset()));
      waiting.are("have waited");
      late.commit();
    }

    assertThat(get(current))
        .extracting(DurableStateChange::persistenceId)
        .containsExactly("late", "early");
  }

  @Test
  void a_current_query_ends_though_the_last_change_is_deleted_meanwhile() throws Exception {
    CompletionStage<List<DurableStateChange<Object>>> current;
    try (Connection late = world.database().connection()) {
      held.upsert(late, "late", 1, "red");
      write("a", 1, "red");
      current = run(query().currentChanges("red", Offset.noOffset()));
      waiting.are("have waited");
      get(store().deleteObject("a", 2));
      late.commit();
    }

    assertThat(get(current)).extracting(DurableStateChange::persistenceId).containsExactly("late");
  }

  @Test
  void offsets_that_sessions_keep_in_stock_are_refused() throws Exception {
    world.execute("ALTER SEQUENCE durable_state_global_offset_seq CACHE 20");

    for (var source :
        List.of(
            query().changes("red", Offset.noOffset()),
            bySlice().changesBySlices("", 0, 1023, Offset.noOffset()))) {
      assertThatThrownBy(() -> get(run(source)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("the durable state table's global offsets has CACHE 20")
          .hasMessageContaining("ALTER SEQUENCE durable_state_global_offset_seq CACHE 1");
    }
  }

  @Test
  void offsets_that_go_back_are_refused_with_what_was_seen() throws Exception {
    write("a", 1, "red");
    write("a", 2, "red");

    assertThatThrownBy(() -> live(query().changes("red", Offset.sequence(7))).next())
        .isInstanceOf(OrderingsWentBackException.class)
        .hasMessageContaining("has read up to global offset 7")
        .hasMessageContaining("the durable state table has handed out none above 2")
        .hasMessageContaining("its highest state has 2");
  }

  // Deletions

  @Test
  void a_state_that_is_deleted_is_gone_and_comes_again_when_it_is_written_again() throws Exception {
    write("a", 1, "red");
    write("b", 1, "red");
    Live live = live(query().changes("red", Offset.noOffset()));
    assertThat(live.next()).isEqualTo("a 1 at 1: a/1");
    assertThat(live.next()).isEqualTo("b 1 at 2: b/1");

    get(store().deleteObject("b", 2));
    assertThat(all(query().currentChanges("red", Offset.noOffset())))
        .extracting(DurableStateChange::persistenceId)
        .containsExactly("a");
    write("b", 3, "red");
    assertThat(live.next()).isEqualTo("b 3 at 3: b/3");
    live.cancel();
  }

  // By slices

  @Test
  void slices_are_those_of_pekko_and_of_one_entity_type_whatever_the_tags() throws Exception {
    List<String> orders = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      orders.add("Order|" + i);
      write("Order|" + i, 1, i % 2 == 0 ? "red" : "");
      write("OrderLine|" + i, 1, "red");
    }
    List<String> found = new ArrayList<>();
    for (var range : bySlice().sliceRanges(4)) {
      for (DurableStateChange<Object> change :
          all(
              bySlice()
                  .currentChangesBySlices(
                      "Order", range.first(), range.second(), Offset.noOffset()))) {
        assertThat(bySlice().sliceForPersistenceId(change.persistenceId()))
            .isBetween(range.first(), range.second());
        found.add(change.persistenceId());
      }
    }

    assertThat(found).containsExactlyInAnyOrderElementsOf(orders);
    assertThatThrownBy(() -> bySlice().changesBySlices("Order", 5, 1024, Offset.noOffset()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 to 1023");
  }

  @Test
  void a_live_query_by_slices_goes_on_from_its_offset() throws Exception {
    write("Order|1", 1, "");
    write("Order|2", 1, "");
    Live live = live(bySlice().changesBySlices("Order", 0, 1023, Offset.sequence(1)));
    assertThat(live.next()).isEqualTo("Order|2 1 at 2: Order|2/1");

    write("Line|1", 1, "");
    write("Order|1", 2, "");
    assertThat(live.next()).isEqualTo("Order|1 2 at 4: Order|1/2");
    live.cancel();
  }

  // When

  @Test
  void a_live_query_is_woken_by_what_this_node_writes() throws Exception {
    node.close();
    node = new TestSystem(world, NO_POLLS);
    Live live = live(query().changes("red", Offset.noOffset()));
    for (int revision = 1; revision <= 20; revision++) {
      write("a", revision, "red");
      assertThat(live.next()).startsWith("a " + revision);
    }
    live.cancel();
  }

  @Test
  void what_another_node_writes_is_found_by_poll() throws Exception {
    Live live = live(query().changes("red", Offset.noOffset()));
    try (TestSystem other = new TestSystem(world)) {
      get(store(other).upsertObject("a", 1, "a/1", "red"));
    }
    assertThat(live.next()).isEqualTo("a 1 at 1: a/1");
    live.cancel();
  }

  // For Scala

  @Test
  void the_scala_interface_does_the_same() throws Exception {
    write("Order|1", 1, "red");
    write("Order|2", 1, "blue");
    org.apache.pekko.persistence.query.scaladsl.DurableStateStoreQuery<Object> byTag =
        DurableStateStoreRegistry.get(node.system()).durableStateStoreFor(OURS);
    org.apache.pekko.persistence.query.typed.scaladsl.DurableStateStoreBySliceQuery<Object> slices =
        DurableStateStoreRegistry.get(node.system()).durableStateStoreFor(OURS);

    assertThat(all(byTag.currentChanges("red", Offset.noOffset()).asJava()))
        .extracting(DurableStateQueryTest::show)
        .containsExactly("Order|1 1 at 1: Order|1/1");
    assertThat(live(byTag.changes("blue", Offset.noOffset()).asJava()).next())
        .isEqualTo("Order|2 1 at 2: Order|2/1");
    assertThat(all(slices.currentChangesBySlices("Order", 0, 1023, Offset.sequence(1)).asJava()))
        .hasSize(1);
    assertThat(live(slices.changesBySlices("Order", 0, 1023, Offset.noOffset()).asJava()).next())
        .startsWith("Order|1");
    assertThat(slices.sliceForPersistenceId("Order|1"))
        .isEqualTo(bySlice().sliceForPersistenceId("Order|1"));
    assertThat(slices.sliceRanges(4).size()).isEqualTo(4);
  }

  // What goes wrong

  @ParameterizedTest
  @CsvSource({"timestamp", "uuid"})
  void a_query_asks_for_no_other_offset_than_a_number(String kind) {
    Offset offset =
        kind.equals("uuid")
            ? Offset.timeBasedUUID(new UUID(4096, 1))
            : Offset.timestamp(java.time.Instant.EPOCH);
    assertThatThrownBy(() -> query().changes("red", offset))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Sequence");
  }

  @Test
  void a_state_that_cannot_be_read_fails_the_query_by_name() throws Exception {
    write("a", 1, "red");
    world.execute("UPDATE durable_state SET state_serial_id = 987654");

    assertThatThrownBy(() -> all(query().currentChanges("red", Offset.noOffset())))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("revision 1 of state a can't be deserialized")
        .hasMessageContaining("987654");
  }

  @Test
  void a_table_that_is_not_there_is_named_and_a_query_can_be_started_again() throws Exception {
    write("a", 1, "red");
    Live live = live(query().changes("red", Offset.noOffset()));
    live.next();
    CompletionStage<?> next = live.pull();
    world.execute("ALTER TABLE durable_state RENAME TO gone");

    assertNamesTable(() -> get(next));
    assertNamesTable(() -> all(query().currentChanges("red", Offset.noOffset())));
    world.execute("ALTER TABLE gone RENAME TO durable_state");
    assertThat(all(query().currentChanges("red", Offset.noOffset()))).hasSize(1);
  }

  private static void assertNamesTable(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable reading) {
    assertThatThrownBy(reading)
        .isInstanceOf(SchemaException.class)
        .hasMessageContainingAll("\"durable_state\"", "is not there", "jdbc-durable-state-store");
  }

  @Test
  void table_and_columns_bear_the_names_of_the_configuration() throws Exception {
    node.close();
    world.execute(
        """
        CREATE SCHEMA "Sales";
        CREATE TABLE "Sales"."States" (
          "Off" BIGSERIAL, "Id" TEXT PRIMARY KEY, "Rev" BIGINT, "State" BYTEA, "Ser" INT,
          "Manifest" TEXT, "order" TEXT, "At" BIGINT)
        """);
    node =
        new TestSystem(
            world,
            """
            jdbc-durable-state-store.tables.durable_state {
              tableName = "States", schemaName = "Sales"
              columnNames {
                globalOffset = "Off", persistenceId = "Id", revision = "Rev"
                statePayload = "State", stateSerId = "Ser", stateSerManifest = "Manifest"
                tag = "order", stateTimestamp = "At"
              }
            }
            """);
    write("Order|1", 1, "red");

    assertThat(all(query().currentChanges("red", Offset.noOffset()))).hasSize(1);
    assertThat(all(bySlice().currentChangesBySlices("Order", 0, 1023, Offset.noOffset())))
        .hasSize(1);
  }

  // How it reads

  @SuppressWarnings("unchecked")
  private DurableStateStoreQuery<Object> query() {
    return DurableStateStoreRegistry.get(node.system())
        .getDurableStateStoreFor(DurableStateStoreQuery.class, OURS);
  }

  @SuppressWarnings("unchecked")
  private DurableStateStoreBySliceQuery<Object> bySlice() {
    return DurableStateStoreRegistry.get(node.system())
        .getDurableStateStoreFor(DurableStateStoreBySliceQuery.class, OURS);
  }

  private DurableStateUpdateStore<Object> store() {
    return store(node);
  }

  @SuppressWarnings("unchecked")
  private static DurableStateUpdateStore<Object> store(TestSystem node) {
    return DurableStateStoreRegistry.get(node.system())
        .getDurableStateStoreFor(DurableStateUpdateStore.class, OURS);
  }

  /** Its value names it. */
  private void write(String state, long revision, String tag) throws Exception {
    get(store().upsertObject(state, revision, state + "/" + revision, tag));
  }

  private static String show(DurableStateChange<?> change) {
    UpdatedDurableState<?> updated = (UpdatedDurableState<?>) change;
    return "%s %d at %d: %s"
        .formatted(
            updated.persistenceId(),
            updated.revision(),
            ((Sequence) updated.offset()).value(),
            updated.value());
  }

  private <T> CompletionStage<List<T>> run(Source<T, NotUsed> source) {
    return source.runWith(Sink.seq(), node.system());
  }

  private <T> List<T> all(Source<T, NotUsed> source) throws Exception {
    return get(run(source));
  }

  private Live live(Source<DurableStateChange<Object>, NotUsed> source) {
    return new Live(source.runWith(Sink.queue(), node.system()));
  }

  private record Live(SinkQueueWithCancel<DurableStateChange<Object>> queue) {
    CompletionStage<Optional<DurableStateChange<Object>>> pull() {
      return queue.pull();
    }

    String next() throws Exception {
      return show(get(pull()).orElseThrow());
    }

    void cancel() {
      queue.cancel();
    }
  }
}
