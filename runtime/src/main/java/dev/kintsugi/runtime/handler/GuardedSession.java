package dev.kintsugi.runtime.handler;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.Set;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.projection.jdbc.JdbcSession;

/**
 * The session that a handler gets: the connection of the transaction that it takes part in, which
 * is somebody else's to end.
 */
final class GuardedSession implements JdbcSession {

  private static final Set<String> REFUSED =
      Set.of("commit", "close", "abort", "setAutoCommit", "setTransactionIsolation", "setReadOnly");

  private final Connection guarded;

  GuardedSession(Connection connection) {
    this.guarded =
        (Connection)
            Proxy.newProxyInstance(
                GuardedSession.class.getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> {
                  boolean rollsBackAll =
                      method.getName().equals("rollback") && method.getParameterCount() == 0;
                  if (rollsBackAll || REFUSED.contains(method.getName())) {
                    throw refusal("Connection." + method.getName());
                  }
                  try {
                    return method.invoke(connection, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
  }

  @Override
  public <R> R withConnection(Function<Connection, R> work) throws Exception {
    return work.apply(guarded);
  }

  @Override
  public void commit() {
    throw refusal("commit");
  }

  @Override
  public void rollback() {
    throw refusal("rollback");
  }

  @Override
  public void close() {
    throw refusal("close");
  }

  private static IllegalStateException refusal(String what) {
    return new IllegalStateException(
        what
            + " is refused: a handler runs in the transaction that appends or replays the event, and"
            + " that is the runtime's to end. To fail the event, throw.");
  }
}
