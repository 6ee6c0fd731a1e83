package dev.kintsugi.examples.history.display;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlainViewTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PlainView view =
      new PlainView(new PrintStream(bytes, true, StandardCharsets.UTF_8));

  @Test
  void a_change_of_phase_is_a_line_at_once() {
    view.show(snapshot(200, "active", 0, List.of()));
    bytes.reset();

    view.show(snapshot(400, "active", 0, List.of()));
    view.show(snapshot(600, "replay", 0, List.of()));

    assertThat(lines()).containsExactly("   0.6 s  files g2 replay 50 %, 1,000/s, 7 open");
  }

  @Test
  void every_two_seconds_a_line_tells_all() {
    view.show(snapshot(200, "active", 0, List.of()));
    bytes.reset();

    view.show(snapshot(1_900, "active", 0, List.of()));
    view.show(snapshot(2_100, "active", 0, List.of()));
    view.show(snapshot(2_300, "active", 0, List.of()));

    assertThat(lines())
        .containsExactly(
            "   2.1 s  import writing 10 %, 20/s, 10 of 100; files g2 active 50 %, 1,000/s, 7 open");
  }

  @Test
  void parked_records_and_the_holder_of_the_fence_are_named() {
    view.show(snapshot(100, "fence", 3, List.of("pid 4711", "pid 4712")));

    assertThat(lines())
        .contains("   0.1 s  files g2 fence 50 %, 1,000/s, 7 open, 3 parked, waits for pid 4711");
  }

  private List<String> lines() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private static Snapshot snapshot(long millis, String phase, long parked, List<String> waitsFor) {
    return new Snapshot(
        Duration.ofMillis(millis),
        new Snapshot.Import(10, 100, 20),
        List.of(new Snapshot.ProjectionState("files", 2, phase, 0.5, 1000, 7, parked, waitsFor)));
  }
}
