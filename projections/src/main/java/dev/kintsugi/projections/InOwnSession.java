package dev.kintsugi.projections;

import java.io.Flushable;
import java.sql.Connection;
import java.util.Objects;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/**
 * A handler that is typed on a session class of the application's own, where one that takes any
 * session is asked for. Each call gets a session of its own, made of the connection at hand.
 */
final class InOwnSession<T, S extends JdbcSession> extends JdbcHandler<T, JdbcSession> {

  private final String projection;
  private final JdbcHandler<T, S> handler;
  private final Function<Connection, ? extends S> sessions;

  InOwnSession(
      String projection, JdbcHandler<T, S> handler, Function<Connection, ? extends S> sessions) {
    this.projection = projection;
    this.handler = handler;
    this.sessions = sessions;
  }

  @Override
  public void start() {
    handler.start();
  }

  @Override
  public void process(JdbcSession session, T envelope) throws Exception {
    session.withConnection(
        connection -> {
          S own =
              Objects.requireNonNull(
                  sessions.apply(connection),
                  () -> "the session function of projection '" + projection + "' returned null");
          handler.process(own, envelope);
          if (own instanceof Flushable holdsBack) {
            holdsBack.flush();
          }
          return own;
        });
  }

  @Override
  public void stop() {
    handler.stop();
  }
}
