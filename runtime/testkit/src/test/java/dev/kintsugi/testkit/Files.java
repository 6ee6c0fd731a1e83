package dev.kintsugi.testkit;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** Projections over {@link FileEvent}s, good ones and others. */
final class Files {

  static final String COUNT =
      """
      INSERT INTO files AS f (path, changes) VALUES (?, 1)
      ON CONFLICT (path) DO UPDATE SET changes = f.changes + 1
      """;

  private Files() {}

  /** What a handler does about an event. */
  @FunctionalInterface
  interface Apply<T> {
    void apply(Connection connection, T event) throws Exception;
  }

  static final class Handler<T> extends JdbcHandler<T, JdbcSession> {
    private final Apply<T> apply;

    Handler(Apply<T> apply) {
      this.apply = apply;
    }

    @Override
    public void process(JdbcSession session, T event) throws Exception {
      session.withConnection(
          connection -> {
            apply.apply(connection, event);
            return Done.getInstance();
          });
    }
  }

  static Projection.Builder<FileEvent> into(String ddl) {
    return Projection.named("files").of(FileEvent.class).tables(Tables.sql(ddl));
  }

  /** A projection whose handlers a supplier makes. */
  static Projection.Builder<FileEvent> projection(
      String ddl, Supplier<Apply<EventEnvelope<FileEvent>>> handler) {
    return into(ddl).handler(() -> new Handler<>(handler.get()));
  }

  static Projection<FileEvent> grouped(String ddl, Apply<List<EventEnvelope<FileEvent>>> handler) {
    return into(ddl).groupedHandler(() -> new Handler<>(handler)).build();
  }

  /** Counts the changes of each file: a good one. */
  static Projection<FileEvent> counting() {
    return projection(
            "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, changes BIGINT NOT NULL)",
            () -> (connection, envelope) -> update(connection, COUNT, envelope.event().path()))
        .build();
  }

  static void update(Connection connection, String sql, Object... parameters) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        update.setObject(i + 1, parameters[i]);
      }
      update.executeUpdate();
    }
  }
}
