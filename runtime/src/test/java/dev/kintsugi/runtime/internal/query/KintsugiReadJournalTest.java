package dev.kintsugi.runtime.internal.query;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.query.KintsugiReadJournal;
import dev.kintsugi.runtime.query.KintsugiScalaReadJournal;
import dev.kintsugi.runtime.testing.OldTransactions;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.WaitingQueries;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.pattern.StatusReply;
import org.apache.pekko.persistence.journal.Tagged;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.projection.eventsourced.javadsl.EventSourcedProvider;
import org.apache.pekko.projection.javadsl.SourceProvider;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class KintsugiReadJournalTest {

  private static final String SMALL_PAGES =
      "kintsugi.query { batch-size = 2, poll-min = 1ms, poll-max = 20ms, warn-after = 1ms }";

  private final World world = new World();
  private final WaitingQueries waiting = new WaitingQueries();
  private TestSystem system = new TestSystem(world, SMALL_PAGES);

  @AfterEach
  void close() {
    system.close();
    world.close();
    waiting.close();
  }

  // By tag

  @Test
  void a_tags_events_come_in_the_journals_ordering_and_go_on_live() throws Exception {
    world.append(
        tagged("a", 1, "red"),
        tagged("b", 1, "blue"),
        tagged("c", 1, "red"),
        tagged("a", 2, "red"));
    Live<EventEnvelope> live = live(journal().eventsByTag("red", Offset.noOffset()));
    assertThat(live.next(3)).extracting(this::idOf).containsExactly("a 1", "c 1", "a 2");

    world.append(tagged("c", 2, "blue"), tagged("c", 3, "red"));
    assertThat(live.next(1)).extracting(this::idOf).containsExactly("c 3");
    live.cancel();
  }

  @Test
  void a_query_goes_on_behind_its_offset() throws Exception {
    world.append(tagged("a", 1, "red"), tagged("a", 2, "red"), tagged("a", 3, "red"));
    List<EventEnvelope> all = all(journal().currentEventsByTag("red", Offset.noOffset()));
    assertThat(all).hasSize(3);
    assertThat(all(journal().currentEventsByTag("red", all.get(1).offset())))
        .extracting(this::idOf)
        .containsExactly("a 3");
    assertThat(all(journal().currentEventsByTag("red", all.get(2).offset()))).isEmpty();
    assertThat(all(journal().currentEventsByTag("green", Offset.noOffset()))).isEmpty();
  }

  @Test
  void an_event_that_commits_late_is_waited_for_and_not_passed_over() throws Exception {
    Live<EventEnvelope> live = live(journal().eventsByTag("red", Offset.noOffset()));
    CompletionStage<Optional<EventEnvelope>> first;
    try (World.HeldWriter late = world.holdWriter();
        World.HeldWriter early = world.holdWriter()) {
      late.write(tagged("late", 1, "red"));
      early.write(tagged("early", 1, "red"));
      early.commit();
      first = live.pull();
      waiting.are("up to ordering 2");
      assertThat(first.toCompletableFuture()).isNotDone();
      late.commit();
    }
    assertThat(idOf(get(first).orElseThrow())).isEqualTo("late 1");
    assertThat(live.next(1)).extracting(this::idOf).containsExactly("early 1");
    live.cancel();
  }

  @Test
  void a_current_query_ends_with_all_that_was_committed_and_waits_for_what_was_open()
      throws Exception {
    CompletionStage<List<EventEnvelope>> current;
    try (World.HeldWriter late = world.holdWriter();
        World.HeldWriter early = world.holdWriter()) {
      late.write(tagged("late", 1, "red"));
      early.write(tagged("early", 1, "red"));
      early.commit();
      current = run(journal().currentEventsByTag("red", Offset.noOffset()));
      waiting.are("up to ordering 2");
      late.commit();
    }
    assertThat(get(current)).extracting(this::idOf).containsExactly("late 1", "early 1");
  }

  @Test
  void a_query_asks_for_no_other_offset_than_an_ordering() {
    assertThatThrownBy(
            () -> journal().eventsByTag("red", Offset.timeBasedUUID(new java.util.UUID(4096, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Sequence");
  }

  // By slices

  @Test
  void slices_are_those_of_pekko_and_of_one_entity_type() throws Exception {
    List<String> streams = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      streams.add("Order|" + i);
      streams.add("OrderLine|" + i);
      world.append(world.event("Order|" + i, 1), world.event("OrderLine|" + i, 1));
    }
    List<String> found = new ArrayList<>();
    for (var range : journal().sliceRanges(4)) {
      List<org.apache.pekko.persistence.query.typed.EventEnvelope<String>> part =
          all(
              journal()
                  .currentEventsBySlices(
                      "Order", range.first(), range.second(), Offset.noOffset()));
      for (var envelope : part) {
        assertThat(envelope.slice())
            .isEqualTo(journal().sliceForPersistenceId(envelope.persistenceId()))
            .isBetween(range.first(), range.second());
        assertThat(envelope.entityType()).isEqualTo("Order");
        found.add(envelope.persistenceId());
      }
    }
    assertThat(found)
        .containsExactlyInAnyOrderElementsOf(
            streams.stream().filter(stream -> stream.startsWith("Order|")).toList());
    assertThatThrownBy(() -> journal().eventsBySlices("Order", 5, 1024, Offset.noOffset()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0 to 1023");
  }

  @Test
  void pekko_projection_reads_slices_and_tags_with_timestamps() throws Exception {
    system.record("Order|1", "tag:red", "plain");
    var slices =
        EventSourcedProvider.<String>eventsBySlices(
            Adapter.toTyped(system.system()), KintsugiReadJournal.IDENTIFIER, "Order", 0, 1023);
    var fromSlices = firstOf(slices, 2);
    assertThat(fromSlices)
        .extracting(envelope -> envelope.event())
        .containsExactly("tag:red", "plain");
    for (var envelope : fromSlices) {
      assertThat(slices.extractCreationTime(envelope)).isEqualTo(envelope.timestamp()).isPositive();
      assertThat(slices.extractOffset(envelope)).isEqualTo(envelope.offset());
    }
    assertThat(get(journal().timestampOf("Order|1", 2)))
        .contains(Instant.ofEpochMilli(fromSlices.get(1).timestamp()));

    var tags =
        EventSourcedProvider.<String>eventsByTag(
            Adapter.toTyped(system.system()), KintsugiReadJournal.IDENTIFIER, "red");
    var fromTags = firstOf(tags, 1);
    assertThat(fromTags.get(0).event()).isEqualTo("tag:red");
    assertThat(tags.extractCreationTime(fromTags.get(0))).isEqualTo(fromSlices.get(0).timestamp());
  }

  @Test
  void one_event_can_be_loaded_and_one_that_is_not_there_is_named() throws Exception {
    world.append(world.event("Order|1", 1), world.event("Order|1", 2));
    assertThat(get(journal().loadEnvelope("Order|1", 2)).sequenceNr()).isEqualTo(2);
    assertThat(get(journal().timestampOf("Order|1", 3))).isEmpty();
    assertThatThrownBy(() -> get(journal().loadEnvelope("Order|1", 3)))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage("there is no event 3 of stream Order|1 in the journal");
  }

  // By persistence id

  @Test
  void a_streams_events_come_in_sequence_and_go_on_live_to_the_last_one_asked_for()
      throws Exception {
    world.append(
        world.event("a", 1), world.event("b", 1), world.event("a", 2), world.event("a", 3));
    Live<EventEnvelope> live = live(journal().eventsByPersistenceId("a", 2, 5));
    assertThat(live.next(2)).extracting(this::idOf).containsExactly("a 2", "a 3");
    world.append(world.event("a", 4));
    assertThat(live.next(1)).extracting(this::idOf).containsExactly("a 4");
    world.append(world.event("a", 5), world.event("a", 6));
    assertThat(live.next(1)).extracting(this::idOf).containsExactly("a 5");
    assertThat(get(live.pull())).as("its end").isEmpty();
  }

  @Test
  void a_current_query_of_a_stream_ends_with_its_last_event() throws Exception {
    world.append(
        world.event("a", 1), world.event("a", 2), world.event("a", 3), world.event("a", 4));
    assertThat(all(journal().currentEventsByPersistenceId("a", 0, Long.MAX_VALUE)))
        .extracting(this::idOf)
        .containsExactly("a 1", "a 2", "a 3", "a 4");
    assertThat(all(journal().currentEventsByPersistenceId("a", 2, 3)))
        .extracting(this::idOf)
        .containsExactly("a 2", "a 3");
    assertThat(all(journal().currentEventsByPersistenceId("nobody", 0, Long.MAX_VALUE))).isEmpty();
    assertThat(get(journal().currentLastSequenceNumberByPersistenceId("a"))).contains(4L);
    assertThat(get(journal().currentLastSequenceNumberByPersistenceId("nobody"))).isEmpty();
  }

  // Persistence ids

  @Test
  void each_persistence_id_comes_once_and_new_ones_as_they_are_written_to() throws Exception {
    world.append(
        world.event("a", 1), world.event("b", 1), world.event("a", 2), world.event("c", 1));
    assertThat(all(journal().currentPersistenceIds())).containsExactly("a", "b", "c");
    assertThat(all(journal().currentPersistenceIds(Optional.of("a"), 1))).containsExactly("b");
    assertThat(all(journal().currentPersistenceIds(Optional.empty(), 2))).containsExactly("a", "b");

    Live<String> live = live(journal().persistenceIds());
    assertThat(live.next(3)).containsExactly("a", "b", "c");
    world.append(
        world.event("a", 3), world.event("d", 1), world.event("b", 2), world.event("d", 2));
    world.append(world.event("e", 1));
    assertThat(live.next(2)).containsExactly("d", "e");
    live.cancel();
  }

  // When

  @Test
  void a_live_query_is_woken_by_what_this_node_writes() throws Exception {
    system.close();
    system = new TestSystem(world, "kintsugi.query { poll-min = 1h, poll-max = 1h }");
    ActorRef<Recorder.Command> recorder = system.recorder("Order|1");
    Live<EventEnvelope> byTag = live(journal().eventsByTag("red", Offset.noOffset()));
    Live<EventEnvelope> byStream =
        live(journal().eventsByPersistenceId("Order|1", 0, Long.MAX_VALUE));
    for (int i = 1; i <= 20; i++) {
      get(system.persist(recorder, "tag:red"));
      assertThat(byTag.next(1)).extracting(this::idOf).containsExactly("Order|1 " + i);
      assertThat(byStream.next(1)).extracting(this::idOf).containsExactly("Order|1 " + i);
    }
    byTag.cancel();
    byStream.cancel();
  }

  @Test
  void a_question_is_answered_though_no_poll_comes() throws Exception {
    Duration never = Duration.ofHours(1);
    ActorRef<FinalOrderingActor.Command> finalOrdering =
        system.spawn(
            FinalOrderingActor.create(
                system.node(),
                system.node().journal().orderings(),
                new QuerySettings(2, never, never, never)));
    TestProbe<StatusReply<Long>> probe = system.probe();
    finalOrdering.tell(new FinalOrderingActor.AwaitAbove(0, 0, probe.getRef()));
    assertThat(probe.receiveMessage(TestSystem.PATIENCE).getValue()).isZero();
  }

  @Test
  void what_another_node_writes_is_found_by_poll() throws Exception {
    Live<EventEnvelope> live = live(journal().eventsByTag("red", Offset.noOffset()));
    try (TestSystem other = new TestSystem(world)) {
      other.record("Order|1", "tag:red", "plain", "tag:red");
    }
    assertThat(live.next(2)).extracting(this::idOf).containsExactly("Order|1 1", "Order|1 3");
    live.cancel();
  }

  // What goes wrong

  @Test
  void an_event_that_cannot_be_read_fails_the_query_by_name() throws Exception {
    world.append(tagged("a", 1, "red"));
    world.execute("UPDATE event_journal SET event_ser_id = 987654");
    assertThatThrownBy(() -> all(journal().currentEventsByTag("red", Offset.noOffset())))
        .hasMessageContaining("event 1 of stream a (ordering 1)")
        .hasMessageContaining("987654");
  }

  @Test
  void a_query_fails_with_the_database_and_can_be_started_again() throws Exception {
    world.append(tagged("a", 1, "red"));
    Live<EventEnvelope> live = live(journal().eventsByTag("red", Offset.noOffset()));
    assertThat(live.next(1)).hasSize(1);
    CompletionStage<Optional<EventEnvelope>> next = live.pull();
    world.execute("ALTER TABLE event_journal RENAME TO gone");
    assertThatThrownBy(() -> get(next)).isInstanceOf(SQLException.class);
    world.execute("ALTER TABLE gone RENAME TO event_journal");
    assertThat(all(journal().currentEventsByTag("red", Offset.noOffset()))).hasSize(1);
  }

  @Test
  void a_stream_fails_with_what_went_wrong_and_not_with_a_wrapper_of_it() throws Exception {
    world.append(tagged("a", 1, "red"));
    world.execute("UPDATE event_journal SET event_ser_id = 987654");
    for (Source<EventEnvelope, NotUsed> source :
        List.of(
            journal().currentEventsByTag("red", Offset.noOffset()),
            journal().eventsByTag("red", Offset.noOffset()),
            journal().eventsByPersistenceId("a", 0, 9))) {
      assertThat(all(source.map(this::idOf).recover(IllegalStateException.class, () -> "failed")))
          .containsExactly("failed");
    }
  }

  @Test
  void the_log_names_whose_transaction_holds_a_query_up() throws Exception {
    try (OldTransactions old = OldTransactions.begin(world.url());
        World.HeldWriter late = world.holdWriter()) {
      late.write(tagged("late", 1, "red"));
      world.append(tagged("a", 1, "red"));
      Live<EventEnvelope> live = live(journal().eventsByTag("red", Offset.noOffset()));
      live.pull();
      String holder = "pid " + pidOf(late.connection());
      waiting.are("up to ordering 2", holder);
      assertThat(waiting.logged())
          .allSatisfy(line -> assertThat(line.split("FenceHolder", -1)).hasSize(2));
      live.cancel();
    }
  }

  @Test
  void old_transactions_that_do_not_write_hold_no_query_up() throws Exception {
    world.append(tagged("a", 1, "red"));
    try (OldTransactions old = OldTransactions.begin(world.url())) {
      world.append(tagged("a", 2, "red"));
      Live<EventEnvelope> live = live(journal().eventsByTag("red", Offset.noOffset()));
      assertThat(live.next(2)).extracting(this::idOf).containsExactly("a 1", "a 2");
      world.append(tagged("a", 3, "red"));
      assertThat(live.next(1)).extracting(this::idOf).containsExactly("a 3");
      assertThat(all(journal().currentEventsByTag("red", Offset.noOffset()))).hasSize(3);
      live.cancel();
    }
    assertThat(waiting.logged()).isEmpty();
  }

  // For Scala

  @Test
  void scalas_read_journal_reads_the_same() throws Exception {
    world.append(tagged("Order|1", 1, "red"), world.event("Order|2", 1));
    KintsugiScalaReadJournal scala =
        (KintsugiScalaReadJournal)
            PersistenceQuery.get(system.system()).readJournalFor(KintsugiReadJournal.IDENTIFIER);
    assertThat(all(scala.currentEventsByTag("red", Offset.noOffset()).asJava())).hasSize(1);
    assertThat(all(scala.currentPersistenceIds().asJava())).containsExactly("Order|1", "Order|2");
    assertThat(
            all(scala.<String>currentEventsBySlices("Order", 0, 1023, Offset.noOffset()).asJava()))
        .hasSize(2);
    assertThat(all(scala.currentEventsByPersistenceId("Order|2", 0, 9).asJava())).hasSize(1);
  }

  // How it reads

  private KintsugiReadJournal journal() {
    return PersistenceQuery.get(system.system())
        .getReadJournalFor(KintsugiReadJournal.class, KintsugiReadJournal.IDENTIFIER);
  }

  private NewEvent tagged(String persistenceId, long sequenceNumber, String tag) {
    return world.event(
        persistenceId, sequenceNumber, new Tagged(persistenceId + sequenceNumber, Set.of(tag)));
  }

  private String idOf(EventEnvelope envelope) {
    return envelope.persistenceId() + " " + envelope.sequenceNr();
  }

  private <T> CompletionStage<List<T>> run(Source<T, NotUsed> source) {
    return source.runWith(Sink.seq(), system.system());
  }

  private <T> List<T> all(Source<T, NotUsed> source) throws Exception {
    return get(run(source));
  }

  private <T> Live<T> live(Source<T, NotUsed> source) {
    return new Live<>(source.runWith(Sink.queue(), system.system()));
  }

  private <E> List<E> firstOf(SourceProvider<Offset, E> provider, int elements) throws Exception {
    Source<E, NotUsed> source =
        get(
            provider.source(
                () -> java.util.concurrent.CompletableFuture.completedStage(Optional.empty())));
    return get(source.take(elements).runWith(Sink.seq(), system.system()));
  }

  private static String pidOf(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getString(1);
    }
  }

  private record Live<T>(SinkQueueWithCancel<T> queue) {
    CompletionStage<Optional<T>> pull() {
      return queue.pull();
    }

    List<T> next(int elements) throws Exception {
      List<T> next = new ArrayList<>();
      for (int i = 0; i < elements; i++) {
        next.add(get(pull()).orElseThrow());
      }
      return next;
    }

    void cancel() {
      queue.cancel();
    }
  }
}
