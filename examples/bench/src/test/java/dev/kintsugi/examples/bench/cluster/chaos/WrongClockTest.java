package dev.kintsugi.examples.bench.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.cluster.launch.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WrongClockTest {

  private static final Duration AN_HOUR = Duration.ofHours(1);

  /** Says what time it is, by both ways to ask. */
  static final class Teller {
    private Teller() {}

    public static void main(String[] args) {
      System.out.println(System.currentTimeMillis());
      System.out.println(Instant.now().toEpochMilli());
    }
  }

  @Test
  void a_jvm_may_live_an_hour_ahead_or_behind(@TempDir Path directory) throws IOException {
    for (Duration ahead : List.of(AN_HOUR, AN_HOUR.negated(), Duration.ZERO)) {
      Instant before = Instant.now();
      List<Instant> told = told(directory, ahead);
      Instant after = Instant.now();
      assertThat(told)
          .hasSize(2)
          .allSatisfy(
              instant ->
                  assertThat(instant.minus(ahead))
                      .isBetween(before.minusMillis(1), after.plusMillis(1)));
    }
  }

  private static List<Instant> told(Path directory, Duration ahead) throws IOException {
    ChildJvm jvm =
        ChildJvm.start(
            Teller.class,
            List.of(WrongClock.option(directory, ahead)),
            List.of(),
            Map.of(),
            directory.resolve("log"),
            true);
    try (Stream<String> lines = jvm.output().lines()) {
      return lines.map(Long::parseLong).map(Instant::ofEpochMilli).toList();
    } finally {
      jvm.awaitEnd(Duration.ofSeconds(20));
    }
  }
}
