package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.fold.EvolveException;
import dev.kintsugi.projections.fold.Fold;
import dev.kintsugi.projections.fold.UnstorableStateException;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A fold evolves the same state on every way: the one that the database would give back. */
@Tag("slow")
class FoldStatesTest {

  private static final String STATES = "SELECT state::text FROM states ORDER BY key";

  private static <S> Projection<String> projection(
      Class<S> stateClass, Fold.Evolve<String, S> evolve) {
    return Projection.named("states")
        .of(String.class)
        .fold(stateClass, fold -> fold.key(envelope -> "k").evolve(evolve))
        .build();
  }

  /**
   * Applies events inline one by one, inline at once and in groups, in a replay of one window, and
   * in one of several, memory lost between some.
   *
   * @return the states, which must be the same each time
   */
  private static List<String> onEveryWay(Projection<String> projection, String... events)
      throws Exception {
    long seed = System.nanoTime();
    RandomGenerator random = new java.util.Random(seed);
    List<String> first;
    try (Handlers<String> handlers = new Handlers<>(projection)) {
      for (String event : events) {
        handlers.apply(event);
      }
      first = handlers.column(STATES);
    }
    try (Handlers<String> handlers = new Handlers<>(projection)) {
      handlers.apply(events);
      assertThat(handlers.column(STATES)).as("inline, at once").isEqualTo(first);
    }
    try (Handlers<String> handlers = new Handlers<>(projection)) {
      handlers.replay(handlers.inReplay(true), events);
      assertThat(handlers.column(STATES)).as("replay, one window").isEqualTo(first);
    }
    try (Handlers<String> handlers = new Handlers<>(projection)) {
      BulkHandler<String> handler = handlers.inReplay(true);
      for (int from = 0; from < events.length; ) {
        int to = Math.min(events.length, from + random.nextInt(1, 4));
        handlers.replay(handler, Arrays.copyOfRange(events, from, to));
        from = to;
        if (random.nextBoolean()) {
          handler.forgetWritten();
        }
      }
      assertThat(handlers.column(STATES)).as("replay, windows, seed %d", seed).isEqualTo(first);
    }
    return first;
  }

  @SuppressWarnings("NonApiType") // that it keeps an order is the point
  record Recent(LinkedHashMap<String, Integer> seen) {}

  @Test
  void a_map_comes_in_the_order_of_jsonb() throws Exception {
    Projection<String> lastTwo =
        projection(
            Recent.class,
            (state, envelope) -> {
              LinkedHashMap<String, Integer> seen =
                  state.map(Recent::seen).orElseGet(LinkedHashMap::new);
              seen.merge(envelope.event(), 1, Integer::sum);
              if (seen.size() > 2) {
                seen.remove(seen.keySet().iterator().next());
              }
              return Optional.of(new Recent(seen));
            });

    assertThat(onEveryWay(lastTwo, "zebra", "ant", "bee"))
        .containsExactly("{\"seen\": {\"bee\": 1, \"zebra\": 1}}");
    assertThat(onEveryWay(lastTwo, "ccc", "bb", "a", "ccc", "dd", "bb", "a", "dd")).hasSize(1);
  }

  record Anything(Map<String, Object> values, String classes) {}

  @Test
  void values_of_no_class_come_as_the_classes_that_json_has() throws Exception {
    Projection<String> classes =
        projection(
            Anything.class,
            (state, envelope) -> {
              Map<String, Object> values = new LinkedHashMap<>();
              values.put("decimal", new BigDecimal("1E+2"));
              values.put("time", Instant.ofEpochSecond(1, 5));
              values.put("float", 1.5f);
              values.put("list", List.of(1L));
              return Optional.of(
                  new Anything(
                      values, state.map(found -> classesOf(found.values())).orElse("none")));
            });

    assertThat(onEveryWay(classes, "a", "b", "c").get(0))
        .contains("\"classes\": \"list=ArrayList time=String float=Double decimal=Integer\"");
  }

  private static String classesOf(Map<String, Object> values) {
    List<String> classes = new ArrayList<>();
    values.forEach((name, value) -> classes.add(name + "=" + value.getClass().getSimpleName()));
    return String.join(" ", classes);
  }

  /** All that JSON changes, and what evolve saw of it. */
  record Awkward(
      String saw,
      double zero,
      BigDecimal decimal,
      OffsetDateTime time,
      Optional<String> empty,
      TreeMap<String, Integer> backwards,
      List<List<Object>> nested) {

    @SuppressWarnings("unused") // Jackson writes what it returns, and does not read it
    public int getSize() {
      return backwards.size();
    }
  }

  @SuppressWarnings({"NullAway", "NullOptional"}) // what a careless author gives
  private static Awkward awkward(String saw) {
    TreeMap<String, Integer> backwards = new TreeMap<>(Collections.reverseOrder());
    backwards.putAll(Map.of("a", 1, "b", 2, "c", 3));
    return new Awkward(
        saw,
        -0.0,
        new BigDecimal("1E+2"),
        OffsetDateTime.of(2020, 1, 1, 1, 0, 0, 7, ZoneOffset.ofHours(1)),
        null,
        backwards,
        List.of(List.of(1L, 2.50, "x"), List.of()));
  }

  @Test
  void decimals_zeros_times_optionals_orders_and_getters_come_as_they_are_read_back()
      throws Exception {
    Projection<String> awkward =
        projection(
            Awkward.class,
            (state, envelope) ->
                Optional.of(
                    awkward(
                        state
                            .map(
                                found ->
                                    "%s %s %s %s %s %s"
                                        .formatted(
                                            found.zero(),
                                            found.decimal(),
                                            found.time(),
                                            found.empty(),
                                            found.backwards(),
                                            found.nested()))
                            .orElse("nothing"))));

    assertThat(onEveryWay(awkward, "a", "b", "c").get(0))
        .contains(
            "0.0 100 2020-01-01T00:00:00.000000007Z Optional.empty {a=1, b=2, c=3} [[1, 2.5, x], []]")
        .contains("\"size\": 3");
  }

  /** Changed in place, as beans are. */
  @JsonAutoDetect(fieldVisibility = Visibility.ANY)
  static final class Bean {
    private final List<String> seen = new ArrayList<>();
  }

  @Test
  void an_event_that_fails_leaves_no_trace_in_a_state_that_it_changed_in_place() throws Exception {
    Projection<String> beans =
        projection(
            Bean.class,
            (state, envelope) -> {
              Bean bean = state.orElseGet(Bean::new);
              bean.seen.add(envelope.event());
              if (envelope.event().equals("bad")) {
                throw new IllegalArgumentException("bad");
              }
              return Optional.of(bean);
            });
    assertThat(onEveryWay(beans, "one", "two", "three"))
        .containsExactly("{\"seen\": [\"one\", \"two\", \"three\"]}");

    try (Handlers<String> handlers = new Handlers<>(beans)) {
      BulkHandler<String> handler = handlers.inReplay(true);
      handlers.replay(handler, "one");
      assertThatThrownBy(() -> handler.gather(handlers.events("bad")))
          .isInstanceOf(EvolveException.class);
      handlers.replay(handler, "two");
      assertThat(handlers.column(STATES)).containsExactly("{\"seen\": [\"one\", \"two\"]}");
    }
  }

  record Texts(String text, long n) {}

  private static Projection<String> texts() {
    return Projection.named("states")
        .of(String.class)
        .fold(
            Texts.class,
            fold ->
                fold.key(envelope -> "k")
                    .evolve(
                        (state, envelope) ->
                            Optional.of(
                                new Texts(envelope.event(), state.map(Texts::n).orElse(0L) + 1)))
                    .column("short", "uuid", FoldStatesTest::noUuid))
        .build();
  }

  private static Object noUuid(Texts state) {
    return state.text().equals("no") ? "no" : new java.util.UUID(0, state.n());
  }

  private static void isAtFaultInEveryGroup(
      Projection<String> projection, String event, String... says) throws Exception {
    try (Handlers<String> handlers = new Handlers<>(projection)) {
      for (String[] group : List.of(new String[] {event}, new String[] {"a", event, "b"})) {
        assertThatThrownBy(() -> handlers.apply(group))
            .isInstanceOf(UnstorableStateException.class)
            .hasMessageContaining(
                "the fold into states can't store the state of key 'k' after event")
            .hasMessageContainingAll(says);
      }
      BulkHandler<String> handler = handlers.inReplay(true);
      handlers.replay(handler, "a");
      assertThatThrownBy(() -> handler.gather(handlers.events(event)))
          .isInstanceOf(UnstorableStateException.class);
      handlers.replay(handler, "b");
      assertThat(handlers.column("SELECT count(*) FROM states")).containsExactly("1");
    }
  }

  @Test
  void an_event_is_judged_by_the_state_that_it_came_to_also_if_a_later_one_replaces_it()
      throws Exception {
    isAtFaultInEveryGroup(texts(), "abc\ud83d", "of stream s", "property 'text'", "surrogate");
    isAtFaultInEveryGroup(texts(), "abc\0", "NUL");
    isAtFaultInEveryGroup(texts(), "no", "column 'short'", "takes no java.lang.String");
    Projection<String> lists =
        projection(
            Anything.class,
            (state, envelope) ->
                Optional.of(new Anything(Map.of("deep", List.of(envelope.event())), "")));
    isAtFaultInEveryGroup(lists, "abc\ud83d", "'/values/deep/0'", "surrogate");
  }

  record Growing(long n) {
    Growing {
      n++;
    }
  }

  @Test
  void a_record_that_does_not_keep_what_it_is_given_is_named_with_its_property() throws Exception {
    Projection<String> growing =
        projection(
            Growing.class,
            (state, envelope) -> Optional.of(new Growing(state.map(Growing::n).orElse(0L))));
    try (Handlers<String> handlers = new Handlers<>(growing)) {
      assertThatThrownBy(() -> handlers.apply("a"))
          .isInstanceOf(UnstorableStateException.class)
          .hasMessageContaining("property 'n' of " + Growing.class.getName())
          .hasMessageContaining("'1' was written, and '2' is read back");
    }
  }

  @Test
  void a_replay_knows_how_much_its_json_takes() throws Exception {
    Projection<String> lists =
        projection(
            Anything.class,
            (state, envelope) -> Optional.of(new Anything(Map.of("text", envelope.event()), "")));
    try (Handlers<String> handlers = new Handlers<>(lists)) {
      BulkHandler<String> handler = handlers.inReplay(true);
      handlers.replay(handler, "a");
      long small = handler.bytes();
      handlers.replay(handler, "a".repeat(1001));
      assertThat(handler.bytes()).isEqualTo(small + 2000);
      handlers.replay(handler, "b");
      assertThat(handler.bytes()).isEqualTo(small);
    }
  }
}
