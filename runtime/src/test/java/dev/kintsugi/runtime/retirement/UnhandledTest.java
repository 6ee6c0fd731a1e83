package dev.kintsugi.runtime.retirement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.handler.Registry;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
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
      Registry none = new Registry();
      Registry registry = new Registry();
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
                assertThat(unhandled.message())
                    .contains("Kintsugi.retire(\"log\"", "/projections/log/retire");
              });
      assertThat(find(world, registry)).as("a node that has it drains them").isEmpty();
    }
  }

  private static List<Unhandled> find(World world, Registry registry) throws Exception {
    return world.database().inTransaction(connection -> Unhandled.find(connection, registry));
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
