package dev.kintsugi.examples.bench.suite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuiteReportTest {

  @Test
  void a_row_has_the_medians_their_ratio_and_the_rounds_lowest_and_highest() {
    Result appends = new Result(Part.APPEND, measure("1 rows", Unit.EVENTS_A_SECOND));
    appends.add(500, 1000);
    appends.add(2400, 3000);
    appends.add(1000, 2500);
    Result starts = new Result(Part.START, measure("built before", Unit.MILLISECONDS));
    starts.add(12.5, 5);

    assertThat(SuiteReport.lines(List.of(appends, starts)))
        .containsExactly(
            "part    what          unit      floor   ours  ours/floor  in the rounds",
            "append  1 rows        events/s  2,500  1,000        0.40  0.40 to 0.80",
            "start   built before  ms         5.00  12.50        2.50  2.50 to 2.50");
  }

  private static Measure measure(String name, Unit unit) {
    return Measure.of(name, unit, () -> 1, () -> 1);
  }
}
