package dev.kintsugi.examples.bench.server;

import dev.kintsugi.examples.bench.stats.Latencies;
import dev.kintsugi.examples.bench.stats.LatencyLog;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;

/** How long the smallest durable commit takes here: the floor under every append. */
final class CommitProbe {

  private static final int COMMITS = 300;

  private CommitProbe() {}

  static String describe(BenchDatabase database) throws SQLException {
    Latencies commits = measure(database);
    return "the smallest commit takes p50 %.2f ms, p99 %.2f ms (one connection, %d commits)"
        .formatted(
            commits.percentile(0.5).toNanos() / 1e6,
            commits.percentile(0.99).toNanos() / 1e6,
            commits.count());
  }

  private static Latencies measure(BenchDatabase database) throws SQLException {
    LatencyLog log = new LatencyLog();
    try (Connection connection = database.login().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE probe (n INTEGER)");
      try (PreparedStatement insert = connection.prepareStatement("INSERT INTO probe VALUES (1)")) {
        for (int i = 0; i < COMMITS; i++) {
          long begin = System.nanoTime();
          insert.executeUpdate();
          log.add(System.nanoTime() - begin);
        }
      }
    }
    return log.soFar();
  }
}
