package dev.kintsugi.runtime.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kintsugi.runtime.scale.BacklogSimulation.Load;
import dev.kintsugi.runtime.scale.BacklogSimulation.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Simulations with fixed seeds: they come to the same figures each time. */
class ScaleTest {

  private static final Path PAGE = Path.of("SCALE.md");
  private static final int FENCES = 20_000;
  private static final int STREAMS = 100_000;
  private static final int PER_SECOND = 1_000;

  /** The default of kintsugi.writer.help-limit. */
  private static final int HELP_LIMIT = 32;

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  @ParameterizedTest
  @CsvSource({"0.1, 10", "1, 10", "0.0166, 60", "0.1, 60"})
  void a_fence_waits_as_long_as_the_formula_says(double perSecond, double meanSeconds) {
    double[] waits = new FenceSimulation(random(1), perSecond, meanSeconds).waits(FENCES);
    for (double share : new double[] {0.5, 0.9, 0.99}) {
      double formula = FenceSimulation.wait(perSecond, meanSeconds, share);
      assertThat(waits[(int) (share * FENCES)])
          .as("%s of all fences", share)
          .isCloseTo(formula, within(0.05 * formula + 0.02 * meanSeconds));
    }
  }

  @ParameterizedTest
  @CsvSource({"300, 14800", "600, 14800", "60, 1000"})
  void a_backlog_is_drained_as_the_page_says(int replaySeconds, int drainPerSecond)
      throws IOException {
    Load load = new Load(STREAMS, PER_SECOND, replaySeconds, drainPerSecond, HELP_LIMIT);
    Result result = new BacklogSimulation(random(2), load).run();
    String row =
        String.format(
            Locale.ROOT,
            "| %d s | %,d | %,d | %,d | %.1f s | %.0f%% |",
            replaySeconds,
            result.mostOpen(),
            drainPerSecond,
            result.recordedBehind(),
            result.drainSeconds(),
            result.inlineHalfway() * 100);
    assertThat(Files.readString(PAGE)).contains(row);
    assertThat(result.mostOpen())
        .as("no more than while it was replayed")
        .isEqualTo((long) PER_SECOND * replaySeconds);
    if (drainPerSecond > PER_SECOND) {
      assertThat(result.drainSeconds())
          .as("the bound")
          .isLessThan((double) result.mostOpen() / (drainPerSecond - PER_SECOND));
    }
  }
}
