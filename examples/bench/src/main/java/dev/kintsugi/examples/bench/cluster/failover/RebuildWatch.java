package dev.kintsugi.examples.bench.cluster.failover;

import dev.kintsugi.examples.cluster.ClusterFailedException;
import dev.kintsugi.examples.cluster.RunningCluster;
import dev.kintsugi.examples.cluster.Waiting;
import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A rebuild from the outside: what its row in the database says, and which node hosts it.
 *
 * @param connection commits by itself
 */
record RebuildWatch(
    RunningCluster cluster, Connection connection, String projection, int generation) {

  private static final String STANDING_STILL =
      """
      SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND state = 'idle in transaction'
        AND state_change < clock_timestamp() - interval '5 seconds'
      """;

  RebuildRow row() throws ClusterFailedException {
    try {
      return RebuildRow.read(connection, projection, generation);
    } catch (SQLException e) {
      throw new ClusterFailedException("The rebuild's row can't be read: " + e);
    }
  }

  /** Waits until its row is as it should be. */
  RebuildRow await(String what, Duration atMost, Predicate<RebuildRow> asItShould)
      throws InterruptedException, ClusterFailedException {
    return Waiting.until(what, atMost, () -> Optional.of(row()).filter(asItShould));
  }

  /** The node that hosts it, if one does just now. */
  Optional<Node> host() throws IOException, InterruptedException, ClusterFailedException {
    return cluster.projection(projection).flatMap(cluster::hostOf);
  }

  /** Transactions that stand still: what they have locked, all others wait for. */
  long standingStill() throws ClusterFailedException {
    try (PreparedStatement query = connection.prepareStatement(STANDING_STILL);
        ResultSet row = query.executeQuery()) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new ClusterFailedException("The server's sessions can't be read: " + e);
    }
  }
}
