package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.Management;
import dev.kintsugi.examples.cluster.ProjectionView;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Waiting;
import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Does what an operator does when the trouble is over: resumes what is paused, rebuilds what was
 * stopped, retries what is parked; and waits until every projection is whole. What then is not, is
 * stuck.
 */
final class Peace {

  private static final String REASON = "the trouble is over";
  private static final long LOOK_EVERY_MILLIS = 1_000;

  /** Rebuilds that stand where they were stopped. */
  private static final String STOPPED =
      """
      SELECT projection FROM kintsugi_rebuild r
      WHERE stopped_at IS NOT NULL AND phase <> 'done'
        AND generation = (SELECT max(generation) FROM kintsugi_rebuild WHERE projection = r.projection)
      """;

  private static final String STUCK =
      """
      SELECT format('%s: generation %s, %s%s; %s open records, %s parked; %s', r.projection,
        r.generation, r.phase, CASE WHEN r.stopped_at IS NULL THEN '' ELSE ', stopped' END,
        count(s.ordering), count(s.parked_at), coalesce(min(s.last_error), min(r.last_error), 'no error'))
      FROM kintsugi_rebuild r LEFT JOIN kintsugi_skip s USING (projection, generation)
      WHERE generation = (SELECT max(generation) FROM kintsugi_rebuild WHERE projection = r.projection)
      GROUP BY r.projection, r.generation, r.phase, r.stopped_at
      HAVING r.phase <> 'done' OR count(s.ordering) > 0
      """;

  private final RunningCluster cluster;
  private final Connection connection;
  private String lastError = "";

  /**
   * @param connection commits by itself
   */
  Peace(RunningCluster cluster, Connection connection) {
    this.cluster = cluster;
    this.connection = connection;
  }

  /** Waits until all nodes are members of the cluster, and can write. */
  void awaitNodes(Duration atMost) throws InterruptedException, ClusterFailedException {
    Waiting.until(
        "each node ready",
        atMost,
        () -> {
          for (Node node : cluster.nodes()) {
            if (!node.isAlive() || !cluster.management().isReady(node)) {
              return Optional.empty();
            }
          }
          return Optional.of(cluster.nodes());
        });
  }

  /**
   * Waits until every projection is whole.
   *
   * @return what is stuck after that time, a line each; empty if nothing is
   */
  List<String> awaitWhole(Duration atMost) throws InterruptedException, SQLException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        if (mend()) {
          return List.of();
        }
      } catch (IOException e) {
        // A node that does not answer is asked again, until the time is over.
        lastError = e.toString();
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
    List<String> stuck = texts(STUCK);
    return stuck.isEmpty() ? List.of("the nodes say that not all is whole; " + lastError) : stuck;
  }

  private boolean mend() throws IOException, InterruptedException, SQLException {
    Management management = cluster.management();
    Node asked = cluster.nodes().get(0);
    List<ProjectionView> projections = management.projections(asked);
    for (String stopped : texts(STOPPED)) {
      management.rebuild(asked, stopped, REASON);
    }
    boolean whole = !projections.isEmpty();
    for (ProjectionView projection : projections) {
      management.resume(asked, projection.name(), REASON);
      if (projection.open() > 0) {
        management.retryParked(asked, projection.name(), REASON);
      }
      whole &= projection.isWhole() && projection.node().isPresent();
    }
    return whole;
  }

  private List<String> texts(String query) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      while (row.next()) {
        texts.add(row.getString(1));
      }
    }
    return texts;
  }
}
