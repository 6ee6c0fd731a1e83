package dev.kintsugi.examples.bench;

import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Option;

/** Option {@code --seed} of a benchmark that does something at random. */
public final class Seed {

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of what is random. Default: another one each time; it is printed.")
  private Optional<Long> seed = Optional.empty();

  /** The one of the option, or else another one each time: to be called once, and printed. */
  public long choose() {
    return seed.orElseGet(() -> ThreadLocalRandom.current().nextLong(1_000_000_000));
  }
}
