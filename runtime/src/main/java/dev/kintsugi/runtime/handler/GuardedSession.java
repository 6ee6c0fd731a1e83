package dev.kintsugi.runtime.handler;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.jspecify.annotations.Nullable;

/**
 * The session that a handler gets: the connection of the transaction that it takes part in, which
 * is somebody else's to end. It is good for as long as a call of the handler lasts.
 */
final class GuardedSession implements JdbcSession {

  private static final Set<String> REFUSED =
      Set.of("commit", "close", "abort", "setAutoCommit", "setTransactionIsolation", "setReadOnly");

  /** A rollback to a savepoint is the handler's own. */
  private static final Pattern ENDS_THE_TRANSACTION =
      Pattern.compile(
          "\\s*(COMMIT|END|ABORT|BEGIN|START\\s+TRANSACTION|PREPARE\\s+TRANSACTION"
              + "|ROLLBACK(?!\\s+((WORK|TRANSACTION)\\s+)?TO\\b))\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private final Connection guarded;

  /** Whether a handler is being called. */
  private boolean isOpen;

  GuardedSession(Connection connection) {
    this.guarded =
        proxy(
            Connection.class,
            (method, arguments) -> {
              refuseOutsideOfACall();
              refuseEnd(method, arguments);
              Object result = invoke(connection, method, arguments);
              return method.getName().equals("createStatement") && result instanceof Statement made
                  ? guarded(made)
                  : result;
            });
  }

  /** A statement that will be given its SQL; a prepared one has been given it. */
  private static Statement guarded(Statement statement) {
    return proxy(
        Statement.class,
        (method, arguments) -> {
          refuseEndBySql(arguments);
          return invoke(statement, method, arguments);
        });
  }

  /** To be called before a handler is called. */
  void open() {
    isOpen = true;
  }

  /** To be called when it has returned: what it kept of the session is of no use any more. */
  void end() {
    isOpen = false;
  }

  @Override
  public <R> R withConnection(Function<Connection, R> work) throws Exception {
    refuseOutsideOfACall();
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

  private void refuseOutsideOfACall() {
    if (!isOpen) {
      throw new IllegalStateException(
          "A handler kept its session or connection and used it after it had returned, which is"
              + " refused: by then the connection serves other transactions. Take it from the session"
              + " in each call.");
    }
  }

  private static void refuseEnd(Method method, Object @Nullable [] arguments) {
    boolean rollsBackAll = method.getName().equals("rollback") && method.getParameterCount() == 0;
    if (rollsBackAll || REFUSED.contains(method.getName())) {
      throw refusal("Connection." + method.getName());
    }
    refuseEndBySql(arguments);
  }

  private static void refuseEndBySql(Object @Nullable [] arguments) {
    if (arguments != null
        && arguments.length > 0
        && arguments[0] instanceof String sql
        && ENDS_THE_TRANSACTION.matcher(sql).matches()) {
      throw refusal("the statement '" + sql.strip() + "'");
    }
  }

  private static IllegalStateException refusal(String what) {
    return new IllegalStateException(
        what
            + " is refused: a handler runs in the transaction that appends or replays the event, and"
            + " that is the runtime's to end. To fail the event, throw.");
  }

  @FunctionalInterface
  private interface Call {
    @Nullable Object of(Method method, Object @Nullable [] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Call call) {
    return type.cast(
        Proxy.newProxyInstance(
            GuardedSession.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> call.of(method, arguments)));
  }

  private static @Nullable Object invoke(
      Object target, Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
