package dev.kintsugi.examples.bench.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PlanTest {

  private static final Duration LENGTH = Duration.ofHours(1);
  private static final Duration GAP = Duration.ofSeconds(4);

  private static Plan plan(long seed, Set<Kind> kinds) {
    return Plan.of(seed, LENGTH, GAP, new Plan.Scope(3, List.of("files", "authors"), kinds));
  }

  @Test
  void the_same_seed_makes_the_same_plan_and_another_one_another() {
    Set<Kind> all = EnumSet.allOf(Kind.class);
    assertThat(plan(7, all)).isEqualTo(plan(7, all)).isNotEqualTo(plan(8, all));
  }

  @Test
  void a_seed_means_the_same_in_the_next_version() {
    Plan plan = plan(7, EnumSet.allOf(Kind.class));
    assertThat(plan.faults().subList(0, 3))
        .extracting(fault -> fault.at().toMillis() + " " + fault)
        .containsExactly(
            "1524 the server crashes, and is away for 0.4 s",
            "10669 40.2% of the connections of node 1 stand still for 17.5 s",
            "11213 node 2 is asked to discard what is parked of files");
  }

  @Test
  void in_an_hour_everything_goes_wrong_that_can() {
    Plan plan = plan(1, EnumSet.allOf(Kind.class));
    assertThat(plan.faults()).hasSizeBetween(700, 1_100);
    assertThat(plan.faults().stream().map(Fault::kind).collect(Collectors.toSet()))
        .isEqualTo(EnumSet.allOf(Kind.class));
    assertThat(plan.faults()).extracting(Fault::node).contains(1, 2, 3);
    assertThat(plan.faults()).extracting(Fault::projection).contains("files", "authors");
    assertThat(plan.clock()).isBetween(1, 3);
    assertThat(plan.clockAhead().abs()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void faults_are_in_the_order_of_time_and_within_their_bounds() {
    Plan plan = plan(2, EnumSet.allOf(Kind.class));
    assertThat(plan.faults()).extracting(Fault::at).isSorted();
    assertThat(plan.faults())
        .allSatisfy(
            fault -> {
              assertThat(fault.at()).isLessThan(LENGTH);
              assertThat(fault.lasts()).isBetween(Duration.ZERO, fault.kind().longest());
              assertThat(fault.share()).isGreaterThan(0).isLessThanOrEqualTo(1);
            });
  }

  @Test
  void only_the_chosen_kinds_are_planned() {
    assertThat(plan(3, EnumSet.of(Kind.STALL, Kind.CUT)).faults())
        .extracting(Fault::kind)
        .containsOnly(Kind.STALL, Kind.CUT);
  }
}
