package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.Management;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Timeline;
import dev.kintsugi.examples.cluster.VerificationView;
import dev.kintsugi.examples.cluster.Waiting;
import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Has the nodes verify each read model, as an operator would who wants to know whether it can be
 * trusted. The history's oracle knows nothing of the projections' code, and this has nothing else:
 * it is one more witness, and is itself held against the oracle.
 */
final class Verifications {

  private static final String REASON = "after the trouble";
  private static final Duration ENDED = Duration.ofMinutes(5);

  private final RunningCluster cluster;
  private final Timeline timeline;

  Verifications(RunningCluster cluster, Timeline timeline) {
    this.cluster = cluster;
    this.timeline = timeline;
  }

  /**
   * Verifies them one after the other, each on the next node.
   *
   * @return those that were not found to be as the journal says, or could not be verified, a line
   *     each
   */
  List<String> wrong(List<String> projections) throws InterruptedException {
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < projections.size(); i++) {
      Node node = cluster.nodes().get(i % cluster.nodes().size());
      verify(projections.get(i), node).ifPresent(wrong::add);
    }
    return wrong;
  }

  private Optional<String> verify(String projection, Node node) throws InterruptedException {
    try {
      Management management = cluster.management();
      int id = management.startVerification(node, projection, REASON);
      VerificationView ended =
          Waiting.until(
              "verification %d of %s ended".formatted(id, projection),
              ENDED,
              () ->
                  Optional.of(management.verification(node, projection, id))
                      .filter(VerificationView::hasEnded));
      timeline.note(
          "node %d has verified %s: %s; %,d events, %,d discarded"
              .formatted(
                  node.number(), projection, ended.state(), ended.events(), ended.discarded()));
      return ended.isClean()
          ? Optional.empty()
          : Optional.of(
              "verification %d of %s: %s %s %s"
                  .formatted(id, projection, ended.state(), ended.detail(), ended.tables()));
    } catch (IOException | ClusterFailedException e) {
      return Optional.of("%s can't be verified: %s".formatted(projection, e.getMessage()));
    }
  }
}
