package dev.kintsugi.runtime.internal.handler;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
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

  /** They change the session, for whoever uses the connection next. */
  private static final Set<String> OF_THE_SESSION =
      Set.of("setSchema", "setClientInfo", "setNetworkTimeout", "setHoldability");

  /** A rollback to a savepoint is the handler's own. */
  private static final Pattern ENDS_THE_TRANSACTION =
      Pattern.compile(
          "\\s*(COMMIT|END|ABORT|BEGIN|START\\s+TRANSACTION|PREPARE\\s+TRANSACTION"
              + "|ROLLBACK(?!\\s+((WORK|TRANSACTION)\\s+)?TO\\b))\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /** What gives a connection away: each is guarded, too. The most special one comes first. */
  private static final List<Class<?>> LEAD_TO_THE_CONNECTION =
      List.of(
          CallableStatement.class,
          PreparedStatement.class,
          Statement.class,
          ResultSet.class,
          DatabaseMetaData.class);

  /** A handler sends the same few texts for each event: each is looked at once. */
  private static final SeenTexts HARMLESS = new SeenTexts();

  private final Connection guarded;
  private final SessionSettings settings;

  /** Whether a handler is being called. */
  private boolean isOpen;

  /** What it may not name; null if its tables have no place of their own. */
  private @Nullable NamesInFull refused;

  GuardedSession(Connection connection) {
    this.settings = new SessionSettings(connection);
    this.guarded =
        proxy(
            Connection.class,
            (method, arguments) -> {
              refuseOutsideOfACall();
              if (isAutoCommitOffAlready(connection, method, arguments)) {
                return null;
              }
              refuseEnd(method, arguments);
              return guarded(method, invoke(connection, method, arguments));
            });
  }

  /** Sessions of applications do that when they are made. */
  private static boolean isAutoCommitOffAlready(
      Connection connection, Method method, Object @Nullable [] arguments) throws SQLException {
    return method.getName().equals("setAutoCommit")
        && arguments != null
        && Boolean.FALSE.equals(arguments[0])
        && !connection.getAutoCommit();
  }

  /**
   * What a method returned, so that no way leads from it to the connection itself; but what is
   * unwrapped is the driver's own, as asked for.
   */
  private @Nullable Object guarded(Method by, @Nullable Object result) {
    if (by.getName().equals("unwrap")) {
      return result;
    }
    if (result instanceof Connection) {
      return guarded;
    }
    for (Class<?> type : LEAD_TO_THE_CONNECTION) {
      if (type.isInstance(result)) {
        return proxy(
            type,
            (method, arguments) -> {
              if (result instanceof Statement) {
                beforeStatement(arguments);
              }
              return guarded(method, invoke(result, method, arguments));
            });
      }
    }
    return result;
  }

  /**
   * To be called before a handler is called.
   *
   * @param names what its statements may not name; null if they may name whatever they like
   */
  void open(@Nullable NamesInFull names) {
    refused = names;
    isOpen = true;
  }

  /** To be called when it has returned, unless it failed: sets back what it changed for itself. */
  void setBack() throws SQLException {
    settings.setBack();
  }

  /**
   * To be called when it has returned or failed: what it kept of the session is of no use any more.
   */
  void end() {
    isOpen = false;
    settings.forget();
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

  private void refuseEnd(Method method, Object @Nullable [] arguments) throws SQLException {
    boolean rollsBackAll = method.getName().equals("rollback") && method.getParameterCount() == 0;
    if (rollsBackAll || REFUSED.contains(method.getName())) {
      throw refusal("Connection." + method.getName());
    }
    if (OF_THE_SESSION.contains(method.getName())) {
      throw new IllegalStateException(
          "Connection."
              + method.getName()
              + " is refused: it would last longer than the handler's call, and the same connection"
              + " applies events to other projections. For a setting use SET LOCAL.");
    }
    beforeStatement(arguments);
  }

  private void beforeStatement(Object @Nullable [] arguments) throws SQLException {
    if (arguments == null || arguments.length == 0 || !(arguments[0] instanceof String sql)) {
      return;
    }
    if (refused != null) {
      refused.refuse(sql);
    }
    if (!HARMLESS.contains(sql)) {
      if (ENDS_THE_TRANSACTION.matcher(sql).matches()) {
        throw refusal("the statement '" + sql.strip() + "'");
      }
      if (!settings.beforeStatement(sql)) {
        HARMLESS.add(sql);
      }
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
            (proxy, method, arguments) -> {
              if (method.getName().equals("equals")) {
                return proxy == arguments[0];
              }
              boolean isTheProxyToo =
                  method.getName().equals("unwrap") && ((Class<?>) arguments[0]).isInstance(proxy);
              return isTheProxyToo ? proxy : call.of(method, arguments);
            }));
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
