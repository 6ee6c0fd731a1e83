package dev.kintsugi.examples.bench.cluster.many;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Projections that are all alike, each with a table of its own. */
final class SmallProjections {

  /** What is appended. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
  sealed interface Event {}

  /** A few projections subscribe to it. */
  sealed interface OfAFew extends Event {
    String what();
  }

  /** All projections do. */
  record Counted(String what) implements OfAFew {}

  /** A few do. */
  record Trickled(String what) implements OfAFew {}

  /** No projection does. */
  record Passed(String what) implements Event {}

  /** How they see events. */
  enum Mode {
    INLINE,
    FOLLOWING;

    /** As on the command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How many subscribe to what only a few do. */
  static final int A_FEW = 3;

  private SmallProjections() {}

  static Projection<?>[] of(int count, Mode mode) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(
            number ->
                number <= A_FEW
                    ? projection(name(number), OfAFew.class, mode)
                    : projection(name(number), Counted.class, mode))
        .toArray(Projection[]::new);
  }

  /** The name of a projection, and of its table. */
  static String name(int number) {
    return "small_%04d".formatted(number);
  }

  private static <E extends OfAFew> Projection<E> projection(
      String name, Class<E> events, Mode mode) {
    RowTable table = RowTable.named(name).key("what", "text").counter("events");
    Projection.Builder<E> small =
        Projection.named(name)
            .of(events)
            .rows(
                List.of(table),
                (envelope, rows) ->
                    rows.upsert(table, envelope.event().what()).increment("events", 1));
    return (mode == Mode.FOLLOWING ? small.following() : small.inline()).build();
  }
}
