package dev.kintsugi.runtime.testing;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Connections on which a test does something before and after each statement and commit. */
public final class Hooks {

  /** What a test does. What it throws, the statement's caller gets. */
  public interface Hook {
    default void before(Connection connection, String sql) throws SQLException {}

    default void after(Connection connection, String sql) throws SQLException {}
  }

  private Hooks() {}

  /**
   * The n-th statement that changes something, or commit, is the session's last: it ends before it,
   * as in a crash.
   */
  public static Hook crashBefore(int n) {
    AtomicInteger count = new AtomicInteger();
    return new Hook() {
      @Override
      public void before(Connection connection, String sql) throws SQLException {
        if (changesSomething(sql) && count.incrementAndGet() == n) {
          crash(connection, sql);
        }
      }
    };
  }

  /** The same, but the session ends right after it, and its result is lost. */
  public static Hook crashAfter(int n) {
    AtomicInteger count = new AtomicInteger();
    return new Hook() {
      @Override
      public void after(Connection connection, String sql) throws SQLException {
        if (changesSomething(sql) && count.incrementAndGet() == n) {
          crash(connection, sql);
        }
      }
    };
  }

  private static boolean changesSomething(String sql) {
    return !sql.startsWith("SELECT");
  }

  private static void crash(Connection connection, String sql) throws SQLException {
    connection.abort(Runnable::run);
    throw new SQLException("connection lost at " + sql, "08006");
  }

  public static DataSource on(FailingCommits.ConnectionSource source, Hook hook) {
    return proxy(
        DataSource.class,
        (proxy, method, arguments) -> {
          if (method.getName().equals("getConnection")) {
            return on(source.connection(), hook);
          }
          throw new UnsupportedOperationException(method.getName());
        });
  }

  public static Connection on(Connection connection, Hook hook) {
    return proxy(
        Connection.class,
        (proxy, method, arguments) -> {
          if (method.getName().equals("createStatement")) {
            return on(connection.createStatement(), connection, hook);
          } else if (method.getName().equals("prepareStatement")) {
            String sql = (String) arguments[0];
            return on(connection.prepareStatement(sql), connection, sql, hook);
          } else if (method.getName().equals("commit")) {
            hook.before(connection, "COMMIT");
            connection.commit();
            hook.after(connection, "COMMIT");
            return null;
          }
          return call(connection, method, arguments);
        });
  }

  private static Statement on(Statement statement, Connection connection, Hook hook) {
    return proxy(
        Statement.class,
        (proxy, method, arguments) ->
            method.getName().startsWith("execute")
                ? hooked(statement, connection, (String) arguments[0], hook, method, arguments)
                : call(statement, method, arguments));
  }

  private static PreparedStatement on(
      PreparedStatement statement, Connection connection, String sql, Hook hook) {
    return proxy(
        PreparedStatement.class,
        (proxy, method, arguments) ->
            method.getName().startsWith("execute")
                ? hooked(statement, connection, sql, hook, method, arguments)
                : call(statement, method, arguments));
  }

  private static @Nullable Object hooked(
      Statement statement,
      Connection connection,
      String sql,
      Hook hook,
      Method method,
      Object[] arguments)
      throws Throwable {
    hook.before(connection, sql);
    Object result = call(statement, method, arguments);
    hook.after(connection, sql);
    return result;
  }

  private static @Nullable Object call(Object target, Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(Hooks.class.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
