package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.bench.cluster.history.HistoryNode;
import dev.kintsugi.examples.bench.failures.Ledger;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A node whose handlers fail when it is told so: the history's read models, and a ledger by grouped
 * handlers, so that there is one of each kind, and of each way to take a failure.
 */
final class ChaosNode {

  /** Short, so that records are parked while there is unrest, too. */
  private static final Duration TRIED = Duration.ofSeconds(5);

  private static final Backoff PAUSES =
      Backoff.between(Duration.ofMillis(200), Duration.ofSeconds(2));

  /** By name. */
  static final List<String> PROJECTIONS =
      Stream.concat(HistoryProjections.NAMES.stream(), Stream.of(Ledger.NAME)).toList();

  private ChaosNode() {}

  /** Runs until it is killed or downed, or until whoever started it is gone. */
  public static void main(String[] args) {
    Mishaps mishaps = new Mishaps();
    HistoryNode.run(projections(mishaps), mishaps::tell);
  }

  private static List<Projection<FileEvent>> projections(Mishaps mishaps) {
    List<Projection<FileEvent>> projections =
        new ArrayList<>(
            HistoryProjections.all(event -> mishaps.strike(), ChaosNode::onFailureOfHistory));
    projections.add(
        Ledger.grouped(
            FileEvent.class, mishaps::strike, FailurePolicy.skip().withoutRetry().thenPark()));
    return projections;
  }

  private static FailurePolicy onFailureOfHistory(String name) {
    return switch (name) {
      case HistoryProjections.FILES -> FailurePolicy.reject().retry(TRIED, PAUSES);
      case HistoryProjections.DIRECTORIES -> FailurePolicy.skip().retry(TRIED, PAUSES).thenStop();
      default -> FailurePolicy.skip().retry(TRIED, PAUSES).thenPark();
    };
  }
}
