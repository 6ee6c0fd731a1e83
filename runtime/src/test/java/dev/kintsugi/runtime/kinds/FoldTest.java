package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.fold.EvolveException;
import dev.kintsugi.projections.fold.StateSchemaException;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Folds on a real table. */
@Tag("slow")
class FoldTest {

  private static final String ALL =
      "SELECT concat_ws(' ', key, schema_version, last, state->>'seen') FROM counts ORDER BY key";

  /** What a key has seen. */
  record Seen(List<String> seen, Instant at) {}

  /** "a,b text": keys a and b see the text; "drop" deletes the state, "bad" can't be seen. */
  private static Projection<String> projection(int version) {
    return Projection.named("counts")
        .of(String.class)
        .version(version)
        .fold(
            Seen.class,
            fold ->
                fold.keys(envelope -> List.of(envelope.event().split(" ", -1)[0].split(",", -1)))
                    .evolve(FoldTest::evolve)
                    .column("last", "text", state -> state.seen().get(state.seen().size() - 1))
                    .index("last"))
        .build();
  }

  private static Optional<Seen> evolve(Optional<Seen> state, EventEnvelope<String> envelope) {
    String text = envelope.event().split(" ", -1)[1];
    if (text.equals("bad") || (text.equals("later") && state.isPresent())) {
      throw new IllegalArgumentException(text);
    }
    List<String> seen = new ArrayList<>(state.map(Seen::seen).orElse(List.of()));
    seen.add(text);
    return text.equals("drop")
        ? Optional.empty()
        : Optional.of(new Seen(seen, Instant.ofEpochSecond(envelope.sequenceNr())));
  }

  private Handlers<String> handlers;

  @BeforeEach
  void open() throws Exception {
    handlers = new Handlers<>(projection(1));
  }

  @AfterEach
  void close() {
    handlers.close();
  }

  @Test
  void each_key_of_an_event_evolves_and_an_absent_state_is_deleted() throws Exception {
    handlers.apply("a one", "a,b two", "c three");
    handlers.apply("b drop", "a four", "c drop", "c five");

    assertThat(handlers.column(ALL))
        .containsExactly("a 1 four [\"one\", \"two\", \"four\"]", "c 1 five [\"five\"]");
  }

  @Test
  void an_event_that_one_of_its_keys_can_not_take_changes_none_of_them_in_a_replay()
      throws Exception {
    BulkHandler<String> handler = handlers.inReplay(true);
    handlers.replay(handler, "b one");
    assertThatThrownBy(() -> handler.gather(handlers.events("a,b later")))
        .isInstanceOf(EvolveException.class)
        .hasMessageContaining("key 'b'");
    assertThatThrownBy(() -> handler.gather(handlers.events("c two", "b later")))
        .as("nor do the payloads that came of the same event")
        .isInstanceOf(EvolveException.class);
    handlers.replay(handler, "d two");

    assertThat(handlers.column(ALL)).containsExactly("b 1 one [\"one\"]", "d 1 two [\"two\"]");
  }

  @Test
  void two_transactions_that_both_give_a_key_its_first_state_lose_none_of_their_events()
      throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Connection first = handlers.connection();
        Connection second = handlers.connection()) {
      handlers.process(first, handlers.events("a one", "b one"));
      Future<?> waiting =
          threads.submit(
              () -> {
                handlers.process(second, handlers.events("c two", "b two", "a two"));
                second.commit();
                return null;
              });
      await().until(() -> handlers.waitingForLocks() == 1);
      first.commit();
      waiting.get();
    } finally {
      threads.shutdownNow();
    }
    assertThat(handlers.column(ALL))
        .containsExactly(
            "a 1 two [\"one\", \"two\"]", "b 1 two [\"one\", \"two\"]", "c 1 two [\"two\"]");
  }

  @Test
  void states_are_locked_in_the_order_of_their_keys() throws Exception {
    handlers.apply("a one", "b one");
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Connection first = handlers.connection();
        Connection second = handlers.connection()) {
      handlers.process(first, handlers.events("a two"));
      Future<?> waiting =
          threads.submit(
              () -> {
                handlers.process(second, handlers.events("b three", "a three"));
                second.commit();
                return null;
              });
      await().until(() -> handlers.waitingForLocks() == 1);
      // The other waits for a, so it can't hold b: this would be a deadlock.
      handlers.process(first, handlers.events("b two"));
      first.commit();
      waiting.get();
    } finally {
      threads.shutdownNow();
    }
    assertThat(handlers.column(ALL))
        .as("nor did the other evolve what it saw before it waited")
        .containsExactly(
            "a 1 three [\"one\", \"two\", \"three\"]", "b 1 three [\"one\", \"two\", \"three\"]");
  }

  @Test
  void a_state_of_another_version_is_refused() throws Exception {
    handlers.apply("a one");
    try (Connection connection = handlers.connection()) {
      assertThatThrownBy(
              () ->
                  SharedSecrets.definitionOf(projection(2))
                      .newHandler()
                      .process(new Handlers.Session(connection), handlers.events("a two")))
          .isInstanceOf(StateSchemaException.class)
          .hasMessageContaining("key 'a' in counts was written by version 1")
          .hasMessageContaining("this build has version 2");
    }
  }

  @Test
  void a_state_that_is_no_json_of_the_states_class_is_refused() throws Exception {
    handlers.apply("a one");
    try (Connection connection = handlers.connection()) {
      connection.createStatement().execute("UPDATE counts SET state = '{\"seen\": 7}'");
      assertThatThrownBy(() -> handlers.process(connection, handlers.events("a two")))
          .isInstanceOf(StateSchemaException.class)
          .hasMessageContaining("key 'a' in counts can't be read as " + Seen.class.getName());
    }
  }

  @Test
  void however_events_are_cut_into_transactions_and_windows_and_memory_is_lost_states_are_the_same()
      throws Exception {
    long seed = System.nanoTime();
    RandomGenerator random = new java.util.Random(seed);
    String[] events = new String[300];
    for (int i = 0; i < events.length; i++) {
      String key = "" + (char) ('a' + random.nextInt(6));
      String other = random.nextInt(3) == 0 ? "," + (char) ('a' + random.nextInt(6)) : "";
      events[i] = key + other + " " + (random.nextInt(8) == 0 ? "drop" : "e" + i);
    }
    for (String event : events) {
      handlers.apply(event);
    }
    List<String> oneByOne = handlers.column(ALL);
    assertThat(oneByOne).as("seed %d", seed).isNotEmpty();

    for (boolean isEmpty : List.of(false, true)) {
      handlers.apply("a,b,c,d,e,f drop");
      BulkHandler<String> handler = handlers.inReplay(isEmpty);
      int from = 0;
      while (from < events.length) {
        int to = Math.min(events.length, from + random.nextInt(1, 60));
        handlers.replay(handler, java.util.Arrays.copyOfRange(events, from, to));
        from = to;
        if (random.nextBoolean()) {
          handler.forgetWritten();
          assertThat(handler.bytes()).isZero();
        }
      }
      assertThat(handlers.column(ALL)).as("seed %d", seed).isEqualTo(oneByOne);
    }
  }

  @Test
  void a_write_that_was_rolled_back_is_made_again() throws Exception {
    BulkHandler<String> handler = handlers.inReplay(true);
    handlers.replay(handler, "a one");
    handler.gather(handlers.events("a two"));
    try (Connection connection = handlers.connection()) {
      handler.write(connection);
      connection.rollback();
      handler.write(connection);
      connection.commit();
      handler.written();
    }
    assertThat(handlers.column("SELECT last FROM counts")).containsExactly("two");
  }
}
