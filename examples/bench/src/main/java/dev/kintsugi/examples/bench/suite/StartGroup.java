package dev.kintsugi.examples.bench.suite;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.Login;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;

/**
 * From an actor system that is up until one projection is active, on an empty journal; the first
 * time, with all tables to be made, and any later time. The floor opens a pool of the same size and
 * asks once. The JVM is warm.
 */
final class StartGroup implements Group {

  private static final String NAME = "writes";

  private static final String ACTIVE =
      "SELECT count(*) FROM kintsugi_projection WHERE projection = '%s' AND status = 'active'"
          .formatted(NAME);

  private final Ground ground;

  StartGroup(Ground ground) {
    this.ground = ground;
  }

  @Override
  public List<Measure> open(Resources resources) throws Exception {
    BenchDatabase started = resources.add(ground.server().create());
    start(started);
    return List.of(
        Measure.of(
            "one projection, a new database",
            Unit.MILLISECONDS,
            this::startAnew,
            this::connectAnew),
        Measure.of(
            "one projection, built before",
            Unit.MILLISECONDS,
            () -> start(started),
            () -> connect(started)));
  }

  private double startAnew() throws Exception {
    try (BenchDatabase database = ground.server().create()) {
      return start(database);
    }
  }

  private double connectAnew() throws Exception {
    try (BenchDatabase database = ground.server().create()) {
      return connect(database);
    }
  }

  private double start(BenchDatabase database) throws Exception {
    try (Load load = ground.start(database)) {
      long begin = System.nanoTime();
      Ground.start(load, WritesHandler.projection(NAME));
      double millis = (System.nanoTime() - begin) / 1e6;
      Counted.expect(database, 1, ACTIVE);
      return millis;
    }
  }

  private double connect(BenchDatabase database) throws Exception {
    Login login = database.login();
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(login.url());
    if (!login.user().isEmpty()) {
      config.setUsername(login.user());
      config.setPassword(login.password());
    }
    config.setMaximumPoolSize(ground.settings().connections());
    long begin = System.nanoTime();
    try (HikariDataSource pool = new HikariDataSource(config);
        Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.executeQuery("SELECT 1").close();
      return (System.nanoTime() - begin) / 1e6;
    }
  }
}
