package dev.kintsugi.examples.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundsTest {

  private final StringWriter progress = new StringWriter();
  private final List<String> order = new ArrayList<>();

  private List<Result> run(int warmUps, int rounds, Measure measure) throws Exception {
    Progress to = Progress.on(new PrintWriter(progress, true));
    return new Rounds(warmUps, rounds, to).run(Part.APPEND, List.of(measure));
  }

  private Side side(String name, double figure) {
    return () -> {
      order.add(name);
      return figure;
    };
  }

  @Test
  void the_sides_take_turns_in_coming_first() throws Exception {
    run(
        0,
        3,
        new Measure(
            "it",
            Unit.EVENTS_A_SECOND,
            side("ours", 1),
            side("floor", 2),
            () -> order.add("before")));

    assertThat(order)
        .containsExactly(
            "before", "floor", "ours", "before", "ours", "floor", "before", "floor", "ours");
  }

  @Test
  void a_warm_up_runs_and_does_not_count() throws Exception {
    List<Result> results =
        run(1, 2, Measure.of("it", Unit.MILLISECONDS, side("ours", 3), side("floor", 2)));

    assertThat(order).hasSize(6);
    assertThat(results).hasSize(1);
    assertThat(results.get(0).ours()).containsExactly(3.0, 3.0);
    assertThat(results.get(0).ratio()).isEqualTo(1.5);
    assertThat(progress.toString()).contains("warm-up  append: it", "2 of 2  append: it");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void what_is_no_figure_ends_the_run(double figure) {
    Measure measure =
        Measure.of("it", Unit.EVENTS_A_SECOND, side("ours", figure), side("floor", 1));

    assertThatThrownBy(() -> run(0, 1, measure))
        .isInstanceOf(LoadFailedException.class)
        .hasMessageContaining("it: a run came to ");
  }
}
