package dev.kintsugi.examples.bench.cluster.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * What goes wrong in a run, and when: the same for the same seed. What it meets is not, as
 * processes, threads and the server take their own time.
 *
 * @param clock the number of the node whose clock is off
 * @param clockAhead by how much; negative if it is slow
 * @param faults in the order of time
 */
record Plan(int clock, Duration clockAhead, List<Fault> faults) {

  private static final Duration OFF = Duration.ofHours(1);

  /** The generator is part of a seed's meaning: the default one may be another in the next JDK. */
  private static final String GENERATOR = "L64X128MixRandom";

  /** What the faults are about. */
  record Scope(int nodes, List<String> projections, Collection<Kind> kinds) {
    Scope {
      projections = List.copyOf(projections);
      kinds = List.copyOf(kinds);
    }
  }

  /**
   * Makes one.
   *
   * @param length of the time in which things go wrong
   * @param gap the mean time from one fault to the next
   */
  static Plan of(long seed, Duration length, Duration gap, Scope scope) {
    RandomGenerator random = RandomGeneratorFactory.of(GENERATOR).create(seed);
    int clock = 1 + random.nextInt(scope.nodes());
    Duration clockAhead = random.nextBoolean() ? OFF : OFF.negated();
    List<Fault> faults = new ArrayList<>();
    for (Duration at = after(gap, random); at.compareTo(length) < 0; ) {
      faults.add(fault(at, random, scope));
      at = at.plus(after(gap, random));
    }
    return new Plan(clock, clockAhead, List.copyOf(faults));
  }

  /** Exponential: faults know nothing of each other, and some come at once. */
  private static Duration after(Duration gap, RandomGenerator random) {
    return Duration.ofMillis(Math.round(random.nextExponential() * gap.toMillis()));
  }

  private static Fault fault(Duration at, RandomGenerator random, Scope scope) {
    Kind kind = kind(random, List.copyOf(scope.kinds()));
    return new Fault(
        at,
        kind,
        1 + random.nextInt(scope.nodes()),
        Duration.ofMillis(Math.round(kind.longest().toMillis() * (1 - random.nextDouble()))),
        1 - random.nextDouble(),
        scope.projections().get(random.nextInt(scope.projections().size())));
  }

  private static Kind kind(RandomGenerator random, List<Kind> kinds) {
    int at = random.nextInt(kinds.stream().mapToInt(Kind::weight).sum());
    for (Kind kind : kinds) {
      at -= kind.weight();
      if (at < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("weights that are no weights: " + kinds);
  }
}
