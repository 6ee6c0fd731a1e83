package dev.kintsugi.examples.bench.failures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChosenStreamsTest {

  private static final int STREAMS = 100_000;

  private static long chosen(ChosenStreams streams) {
    return IntStream.range(0, STREAMS).filter(i -> streams.includes("File|src/" + i)).count();
  }

  @Test
  void about_the_share_is_chosen() {
    assertThat(chosen(new ChosenStreams(0.01, 1))).isBetween(900L, 1_100L);
    assertThat(chosen(new ChosenStreams(0.5, 7))).isBetween(49_000L, 51_000L);
  }

  @Test
  void of_everything_or_nothing_there_is_no_doubt() {
    assertThat(chosen(new ChosenStreams(1, 1))).isEqualTo(STREAMS);
    assertThat(chosen(new ChosenStreams(0, 1))).isZero();
  }

  @Test
  void the_same_seed_chooses_the_same_streams_and_another_one_others() {
    ChosenStreams one = new ChosenStreams(0.5, 1);
    ChosenStreams other = new ChosenStreams(0.5, 2);

    long both =
        IntStream.range(0, STREAMS)
            .filter(i -> one.includes("File|src/" + i) && other.includes("File|src/" + i))
            .count();

    assertThat(chosen(one)).isEqualTo(chosen(new ChosenStreams(0.5, 1)));
    assertThat(both).isBetween(24_000L, 26_000L);
  }
}
