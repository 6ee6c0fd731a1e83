package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.THROWABLE;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.kintsugi.runtime.internal.event.StorageLimits;
import dev.kintsugi.runtime.persistence.JournalOverloadedException;
import dev.kintsugi.runtime.persistence.StreamConflictException;
import dev.kintsugi.runtime.persistence.UnstorableEventException;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.Tagged;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import scala.jdk.javaapi.CollectionConverters;

/** The journal's contract, without the actor around it. */
@Tag("slow")
class JournalLanesTest {

  private final World world = new World();

  /** One blocking thread: what is asked for first is answered first. */
  private final TestSystem node =
      new TestSystem(
          world, "kintsugi.blocking-dispatcher.thread-pool-executor.fixed-pool-size = 1");

  private final JournalLanes lanes =
      new JournalLanes(
          node.node(), node.node().codec(), new JournalSettings(1, 1, 100, 1 << 20, PATIENCE));

  @AfterEach
  void close() {
    lanes.close();
    node.close();
    world.close();
  }

  private static PersistentRepr repr(String persistenceId, long sequenceNumber, Object payload) {
    return PersistentRepr.apply(
        payload, sequenceNumber, persistenceId, "", false, ActorRef.noSender(), "writer");
  }

  private static AtomicWrite atomic(PersistentRepr... reprs) {
    return AtomicWrite.apply(CollectionConverters.asScala(List.of(reprs)).toSeq());
  }

  private CompletionStage<? extends Iterable<Optional<Exception>>> write(
      String persistenceId, long sequenceNumber) {
    return lanes.write(
        List.of(atomic(repr(persistenceId, sequenceNumber, "event " + sequenceNumber))));
  }

  private List<PersistentRepr> replay(String persistenceId, long from, long to, long max)
      throws Exception {
    List<PersistentRepr> replayed = new ArrayList<>();
    get(lanes.replay(persistenceId, from, to, max, replayed::add));
    return replayed;
  }

  /** Locks the journal until it is closed, and waits until the lane waits for it. */
  private Connection holdLaneWith(String persistenceId, long sequenceNumber) throws Exception {
    Connection lock = world.database().connection();
    try (Statement statement = lock.createStatement()) {
      statement.execute("LOCK TABLE event_journal IN SHARE MODE");
    }
    write(persistenceId, sequenceNumber);
    eventually(
        () ->
            assertThat(
                    world.column(
                        "SELECT pid FROM pg_locks WHERE NOT granted"
                            + " AND relation = 'event_journal'::regclass"))
                .hasSize(1));
    return lock;
  }

  @Test
  void the_highest_sequence_number_waits_for_the_streams_writes_under_way() throws Exception {
    CompletionStage<Long> highest;
    try (Connection lock = holdLaneWith("a", 1)) {
      highest = lanes.highestSequenceNumber("a", 0);
      assertThat(get(lanes.highestSequenceNumber("another", 0))).isZero();
      assertThat(highest.toCompletableFuture()).isNotDone();
      lock.rollback();
    }
    assertThat(get(highest)).isEqualTo(1);
  }

  @Test
  void the_highest_sequence_number_waits_for_all_of_them_also_when_a_later_one_was_refused()
      throws Exception {
    CompletionStage<Long> highest;
    try (Connection lock = holdLaneWith("a", 1)) {
      write("a", 2);
      assertThatThrownBy(() -> get(write("a", 3))).isInstanceOf(JournalOverloadedException.class);
      highest = lanes.highestSequenceNumber("a", 0);
      assertThat(get(lanes.highestSequenceNumber("another", 0))).isZero();
      assertThat(highest.toCompletableFuture()).isNotDone();
      lock.rollback();
    }
    assertThat(get(highest)).isEqualTo(2);
  }

  @Test
  void a_write_whose_commit_is_still_under_way_when_its_actor_is_back_is_not_stored_twice()
      throws Exception {
    CompletionStage<?> again;
    try (World.HeldWriter lost = world.holdWriter()) {
      lost.write(world.event("a", 1)); // its COMMIT is on its way, and its connection gone
      assertThat(get(lanes.highestSequenceNumber("a", 0))).isZero();

      again = write("a", 1);
      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
      lost.commit();
    }

    assertThatThrownBy(() -> get(again))
        .isInstanceOfSatisfying(
            StreamConflictException.class, e -> assertThat(e.found()).isEqualTo(1));
    assertThat(get(lanes.highestSequenceNumber("a", 0))).isEqualTo(1);
    assertThat(replay("a", 1, 1, 1)).extracting(PersistentRepr::payload).containsExactly("a/1");
  }

  @Test
  void a_replay_keeps_to_its_bounds() throws Exception {
    for (int i = 1; i <= 5; i++) {
      get(write("a", i));
    }

    assertThat(replay("a", 2, 4, Long.MAX_VALUE))
        .extracting(PersistentRepr::payload)
        .containsExactly("event 2", "event 3", "event 4");
    assertThat(replay("a", 2, Long.MAX_VALUE, 2))
        .extracting(PersistentRepr::sequenceNr)
        .containsExactly(2L, 3L);
    assertThat(replay("a", 1, Long.MAX_VALUE, 0)).isEmpty();
    assertThat(replay("none", 1, Long.MAX_VALUE, Long.MAX_VALUE)).isEmpty();
  }

  @Test
  void a_replay_gives_back_all_that_was_written() throws Exception {
    PersistentRepr written =
        PersistentRepr.apply(
                "payload", 1, "a", "of the adapter", false, ActorRef.noSender(), "writer-1")
            .withMetadata("metadata");
    get(lanes.write(List.of(atomic(written))));

    PersistentRepr read = replay("a", 1, 1, 1).get(0);

    assertThat(read.payload()).isEqualTo("payload");
    assertThat(read.manifest()).isEqualTo("of the adapter");
    assertThat(read.writerUuid()).isEqualTo("writer-1");
    assertThat(read.metadata().get()).isEqualTo("metadata");
    assertThat(read.timestamp()).isPositive();
    assertThat(read.deleted()).isFalse();
  }

  @Test
  void text_of_any_characters_comes_back_as_it_was() throws Exception {
    String odd = "NULL, \"quoted\" {a,b} back\\slash 'it' ? äöü 金継ぎ \t\n";
    for (String persistenceId : List.of(odd, "NULL", "null", " ", "{}", "\"\"")) {
      PersistentRepr written =
          PersistentRepr.apply(
              new Tagged(odd, Set.of(odd, "NULL")),
              1,
              persistenceId,
              odd,
              false,
              ActorRef.noSender(),
              "writer");
      get(lanes.write(List.of(atomic(written))));

      PersistentRepr read = replay(persistenceId, 1, 1, 1).get(0);
      assertThat(read.payload()).isEqualTo(odd);
      assertThat(read.manifest()).isEqualTo(odd);
      assertThat(read.persistenceId()).isEqualTo(persistenceId);
    }
    assertThat(world.column("SELECT DISTINCT tag FROM event_tag"))
        .containsExactlyInAnyOrder(odd, "NULL");
  }

  @Test
  void bytes_of_any_value_come_back_as_they_were() throws Exception {
    byte[] bytes = new byte[70_000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    get(lanes.write(List.of(atomic(repr("a", 1, bytes), repr("a", 2, new byte[0])))));

    List<PersistentRepr> read = replay("a", 1, 2, 2);
    assertThat(read.get(0).payload()).isEqualTo(bytes);
    assertThat(read.get(1).payload()).isEqualTo(new byte[0]);
  }

  @Test
  void the_first_delete_keeps_the_highest_row_and_marks_it() throws Exception {
    for (int i = 1; i <= 4; i++) {
      get(write("a", i));
    }
    get(write("b", 1));

    get(lanes.deleteUpTo("a", 3));

    assertThat(
            world.column(
                "SELECT persistence_id || '/' || sequence_number || ' ' || deleted"
                    + " FROM event_journal ORDER BY 1"))
        .containsExactly("a/3 true", "a/4 false", "b/1 false");
    assertThat(replay("a", 1, Long.MAX_VALUE, Long.MAX_VALUE))
        .extracting(PersistentRepr::sequenceNr)
        .containsExactly(4L);
  }

  @Test
  void deleting_all_of_a_stream_does_not_take_its_highest_sequence_number_down() throws Exception {
    for (int i = 1; i <= 3; i++) {
      get(write("a", i));
    }

    get(lanes.deleteUpTo("a", Long.MAX_VALUE));
    assertThat(get(lanes.highestSequenceNumber("a", 0))).isEqualTo(3);
    assertThat(replay("a", 1, Long.MAX_VALUE, Long.MAX_VALUE)).isEmpty();

    get(write("a", 4));
    get(lanes.deleteUpTo("a", 4));
    assertThat(world.column("SELECT sequence_number || ' ' || deleted FROM event_journal"))
        .containsExactly("4 true");
    get(lanes.deleteUpTo("a", 2));
    assertThat(get(lanes.highestSequenceNumber("a", 0))).isEqualTo(4);
  }

  @Test
  void an_event_that_can_not_be_deserialized_is_named() throws Exception {
    get(write("a", 1));
    world.execute("UPDATE event_journal SET event_ser_id = 987654, event_ser_manifest = 'm'");

    assertThatThrownBy(() -> replay("a", 1, 1, 1))
        .hasMessageContaining("event 1 of stream a")
        .hasMessageContaining("serializer 987654, manifest 'm'");
  }

  /** Serializers know nothing of it. */
  private record Unserializable() {}

  private static Stream<Arguments> unstorable() {
    String tooLong = "x".repeat(257);
    return Stream.of(
        arguments("of no serializer", repr("b", 2, new Unserializable()), "Unserializable"),
        arguments("of a long tag", repr("b", 2, new Tagged("e", Set.of(tooLong))), "tag"),
        arguments("of a tag with a NUL", repr("b", 2, new Tagged("e", Set.of("t\0"))), "NUL"),
        arguments(
            "of a tag that is no text", repr("b", 2, new Tagged("e", Set.of("\uD83C"))), "half"),
        arguments("of a long manifest", repr("b", 2, "e").withManifest(tooLong), "manifest"),
        arguments("of a manifest with a NUL", repr("b", 2, "e").withManifest("\0"), "NUL"),
        arguments(
            "of metadata of no serializer",
            repr("b", 2, "e").withMetadata(new Unserializable()),
            "Unserializable"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unstorable")
  void an_event_that_can_not_be_stored_is_rejected_alone(String of, PersistentRepr bad, String why)
      throws Exception {
    var result =
        lanes.write(
            List.of(
                atomic(repr("b", 1, "one")),
                atomic(bad, repr("b", 3, "of the same atomic write")),
                atomic(repr("b", 4, "four"))));

    assertThat(get(result))
        .satisfiesExactly(
            first -> assertThat(first).isEmpty(),
            second ->
                assertThat(second)
                    .get(as(THROWABLE))
                    .isInstanceOf(UnstorableEventException.class)
                    .hasMessageContaining("event 2 of stream 'b'")
                    .hasMessageContaining(why),
            third -> assertThat(third).isEmpty());
    assertThat(world.column("SELECT sequence_number FROM event_journal ORDER BY 1"))
        .containsExactly("1", "4");
    assertThat(replay("b", 1, Long.MAX_VALUE, Long.MAX_VALUE))
        .extracting(PersistentRepr::payload)
        .containsExactly("one", "four");
  }

  @Test
  void a_persistence_id_that_does_not_fit_is_rejected() throws Exception {
    for (String persistenceId : List.of("x".repeat(256), "a\0b")) {
      assertThat(get(write(persistenceId, 1)))
          .singleElement()
          .satisfies(
              rejection ->
                  assertThat(rejection)
                      .get(as(THROWABLE))
                      .hasMessageContaining("event 1 of stream")
                      .hasMessageContaining("persistence id"));
    }
    assertThat(world.column("SELECT 1 FROM event_journal")).isEmpty();
  }

  @Test
  void what_an_actor_sends_at_once_may_be_more_than_fits_into_one_group() throws Exception {
    List<AtomicWrite> atomicWrites = new ArrayList<>();
    for (int i = 1; i <= 6; i++) {
      atomicWrites.add(atomic(repr("a", i, new byte[400_000])));
    }
    try (JournalLanes roomy =
        new JournalLanes(
            node.node(),
            node.node().codec(),
            new JournalSettings(1, 100, 100, 1 << 20, PATIENCE))) {

      assertThat(get(roomy.write(atomicWrites))).hasSize(6).allMatch(Optional::isEmpty);
    }

    assertThat(
            world.column(
                "SELECT count(*) FROM event_journal GROUP BY xmin::text ORDER BY min(ordering)"))
        .containsExactly("2", "2", "2");
  }

  @Test
  void an_atomic_write_is_stored_whole_however_large_a_group_may_be() throws Exception {
    get(
        lanes.write(
            List.of(atomic(repr("a", 1, new byte[900_000]), repr("a", 2, new byte[900_000])))));

    assertThat(world.column("SELECT count(*) FROM event_journal GROUP BY xmin::text"))
        .containsExactly("2");
  }

  @Test
  void after_close_every_write_fails() {
    lanes.close();

    assertThatThrownBy(() -> get(write("a", 1))).hasMessageContaining("closed");
  }

  @Test
  void settings_below_one_are_refused_by_name() {
    assertThatThrownBy(() -> new JournalSettings(0, 1, 1, 1 << 20, PATIENCE))
        .hasMessageContaining("journal.lanes");
    assertThatThrownBy(() -> new JournalSettings(1, 0, 1, 1 << 20, PATIENCE))
        .hasMessageContaining("journal.queue-size");
    assertThatThrownBy(() -> new JournalSettings(1, 1, 0, 1 << 20, PATIENCE))
        .hasMessageContaining("journal.group-size");
    for (long bytes : new long[] {0, StorageLimits.LARGEST_WRITE + 1}) {
      assertThatThrownBy(() -> new JournalSettings(1, 1, 1, bytes, PATIENCE))
          .hasMessageContaining("journal.group-bytes");
    }
    assertThatThrownBy(() -> new JournalSettings(1, 1, 1, 1, Duration.ZERO))
        .hasMessageContaining("journal.answer-timeout");
  }

  @Test
  void lanes_by_themselves_are_as_many_as_processors_and_fewer_than_connections() {
    assertThat(JournalSettings.lanes(16, 1)).isEqualTo(2);
    assertThat(JournalSettings.lanes(16, 4)).isEqualTo(4);
    assertThat(JournalSettings.lanes(16, 64)).isEqualTo(8);
    assertThat(JournalSettings.lanes(6, 64)).isEqualTo(5);
    assertThat(JournalSettings.lanes(2, 64)).isEqualTo(1);
  }

  // A database that has lost the latest events

  @Test
  void an_actor_that_lives_on_after_its_latest_events_were_lost_can_not_append_behind_the_hole()
      throws Exception {
    for (int i = 1; i <= 4; i++) {
      get(write("a", i));
    }
    world.execute("DELETE FROM event_journal WHERE sequence_number > 2");

    assertThatThrownBy(() -> get(write("a", 5)))
        .hasMessageContaining("stream a are not stored")
        .hasMessageContaining("expected to end at sequence number 4, and ends at 2");
    get(write("b", 1));
    assertThat(get(lanes.highestSequenceNumber("a", 0))).isEqualTo(2);
  }

  @Test
  void a_stream_that_only_a_snapshot_is_left_of_goes_on_behind_it() throws Exception {
    assertThat(get(lanes.highestSequenceNumber("a", 7))).isZero();
    get(write("a", 8));
    get(write("a", 9));

    assertThat(get(lanes.highestSequenceNumber("a", 0))).isEqualTo(9);
  }

  @Test
  void an_actor_whose_stream_was_lost_completely_can_not_append_behind_nothing() throws Exception {
    assertThat(get(lanes.highestSequenceNumber("a", 0))).isZero();
    assertThat(get(lanes.highestSequenceNumber("b", 7))).isZero();
    get(write("a", 1));
    get(write("a", 2));
    get(write("b", 8));
    world.execute("DELETE FROM event_journal");

    for (String stream : List.of("a", "b")) {
      long last = stream.equals("a") ? 2 : 8;
      assertThatThrownBy(() -> get(write(stream, last + 1)))
          .hasMessageContaining("stream %s are not stored".formatted(stream))
          .hasMessageContaining(
              "expected to end at sequence number %d, and ends at 0".formatted(last));
    }
    assertThat(get(lanes.highestSequenceNumber("a", 0))).isZero();
    get(write("a", 1));
  }
}
