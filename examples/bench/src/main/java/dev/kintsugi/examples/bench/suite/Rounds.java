package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import java.util.List;
import java.util.Locale;

/**
 * Runs both sides of each measure in each round, the floor first in one round and ours in the next:
 * what disturbs the machine for a while, or speeds it up, does that to both.
 */
final class Rounds {

  private final int warmUps;
  private final int rounds;
  private final Progress progress;

  Rounds(int warmUps, int rounds, Progress progress) {
    this.warmUps = warmUps;
    this.rounds = rounds;
    this.progress = progress;
  }

  /** Runs measures, round by round. */
  List<Result> run(Part part, List<Measure> measures) throws Exception {
    List<Result> results = measures.stream().map(measure -> new Result(part, measure)).toList();
    for (int round = 1 - warmUps; round <= rounds; round++) {
      for (int i = 0; i < measures.size(); i++) {
        run(part, measures.get(i), round, results.get(i));
      }
    }
    return results;
  }

  private void run(Part part, Measure measure, int round, Result result) throws Exception {
    measure.before().run();
    double ours;
    double floor;
    if (round % 2 == 0) {
      ours = figure(measure, measure.ours());
      floor = figure(measure, measure.floor());
    } else {
      floor = figure(measure, measure.floor());
      ours = figure(measure, measure.ours());
    }
    if (round > 0) {
      result.add(ours, floor);
    }
    progress.line(
        String.format(
            Locale.ROOT,
            "%s  %s: %s  floor %,.2f  ours %,.2f %s",
            round > 0 ? round + " of " + rounds : "warm-up",
            part,
            measure.name(),
            floor,
            ours,
            measure.unit()));
  }

  private static double figure(Measure measure, Side side) throws Exception {
    System.gc();
    double figure = side.run();
    if (!(figure > 0 && figure < Double.POSITIVE_INFINITY)) {
      throw new LoadFailedException(
          "%s: a run came to %s %s, which is no figure"
              .formatted(measure.name(), figure, measure.unit()));
    }
    return figure;
  }
}
