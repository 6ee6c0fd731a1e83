package dev.kintsugi.runtime.internal.retirement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.metrics.Metrics;
import dev.kintsugi.runtime.status.Unhandled;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Records of a projection that no node has are not left to pile up without a word. */
class UnhandledTest {

  @Test
  void records_that_no_handler_was_there_for_are_found_once_they_are_old() throws Exception {
    try (World world = new World()) {
      TestProjection log = new TestProjection("log");
      world.start(log, new TestProjection("other"));
      world.haveHandlersOf(new TestProjection("other"));
      world.append(world.event("a", 1), world.event("a", 2));
      ProjectionRegistry none = new ProjectionRegistry();
      ProjectionRegistry registry = new ProjectionRegistry();
      registry.register(List.of(log.definition()));
      assertThat(find(world, none)).as("a node that is just being upgraded").isEmpty();

      world.execute("UPDATE kintsugi_skip SET recorded_at = now() - INTERVAL '2 hours'");

      assertThat(find(world, none))
          .singleElement()
          .satisfies(
              unhandled -> {
                assertThat(unhandled.projection()).isEqualTo("log");
                assertThat(unhandled.records()).isEqualTo(2);
                assertThat(unhandled.oldest()).isGreaterThanOrEqualTo(Duration.ofHours(2));
                assertThat(unhandled.warning())
                    .contains("Kintsugi.retire(\"log\"", "/projections/log/retire");
              });
      assertThat(find(world, registry)).as("a node that has it drains them").isEmpty();
    }
  }

  private static List<Unhandled> find(World world, ProjectionRegistry registry) throws Exception {
    return world.database().inTransaction(connection -> FindUnhandled.in(connection, registry));
  }

  @Test
  void a_projection_that_the_node_has_is_told_with_0_and_one_of_no_node_while_records_pile_up() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (Metrics metrics = new Metrics()) {
      metrics.reportTo(registry);
      UnhandledGauges gauges = new UnhandledGauges(metrics);
      Unhandled unhandled = new Unhandled("log", 7, Duration.ofHours(1));
      gauges.report("own");
      gauges.show(List.of(unhandled), "own"::equals);
      assertThat(told(registry)).containsExactlyInAnyOrder("own 0.0", "log 7.0");

      gauges.show(List.of(), "own"::equals);
      assertThat(told(registry)).as("it was retired").containsExactly("own 0.0");

      gauges.show(List.of(unhandled), "own"::equals);
      gauges.report("log");
      gauges.show(List.of(), projection -> true);
      assertThat(told(registry))
          .as("it was started here")
          .containsExactlyInAnyOrder("own 0.0", "log 0.0");
    }
  }

  private static List<String> told(SimpleMeterRegistry registry) {
    return registry.find("kintsugi.projections.unhandled").gauges().stream()
        .map(gauge -> gauge.getId().getTag("projection") + " " + gauge.value())
        .toList();
  }

  @Test
  void it_is_said_at_once_and_then_after_growing_pauses() {
    AtomicLong now = new AtomicLong();
    UnhandledWarnings warnings = new UnhandledWarnings(now::get);
    List<Unhandled> found = List.of(new Unhandled("log", 7, Duration.ofHours(1)));
    int said = 0;
    for (int minute = 0; minute < 24 * 60; minute++) {
      said += warnings.of(found).size();
      now.addAndGet(Duration.ofMinutes(1).toNanos());
    }

    assertThat(said).as("of a day").isEqualTo(29);
    assertThat(warnings.of(List.of())).isEmpty();
    assertThat(warnings.of(found)).as("it is new again").hasSize(1);
  }
}
