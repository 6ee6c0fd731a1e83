package dev.kintsugi.examples.bench.cluster.many;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.rows.RowTable;
import java.util.List;
import java.util.stream.IntStream;

/** Projections that are all alike, each with a table of its own. */
final class SmallProjections {

  /** What is appended. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
  sealed interface Event {}

  /** All projections subscribe to it. */
  record Counted(String what) implements Event {}

  /** No projection does. */
  record Passed(String what) implements Event {}

  private SmallProjections() {}

  static Projection<?>[] of(int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(number -> projection(name(number)))
        .toArray(Projection[]::new);
  }

  /** The name of a projection, and of its table. */
  static String name(int number) {
    return "small_%04d".formatted(number);
  }

  private static Projection<Counted> projection(String name) {
    RowTable table = RowTable.named(name).key("what", "text").counter("events");
    return Projection.named(name)
        .of(Counted.class)
        .rows(
            List.of(table),
            (envelope, rows) -> rows.upsert(table, envelope.event().what()).increment("events", 1))
        .build();
  }
}
