package dev.kintsugi.runtime.testing;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import javax.sql.DataSource;

/**
 * Connections on which commits fail as when the database or this node is gone: before they took
 * effect, or after, when only the answer is lost.
 */
public final class FailingCommits {

  /** When the connection is lost. */
  public enum Lost {
    BEFORE_THE_COMMIT,
    AFTER_THE_COMMIT,
    /** It is not: the transaction lost a race to another one. */
    NOT_BUT_A_RACE
  }

  private FailingCommits() {}

  /** A data source whose commits fail from the n-th on; n is 1 for the first. */
  public static DataSource from(int n, Lost lost, ConnectionSource source) {
    return where(commit -> commit >= n, lost, source);
  }

  /** A data source whose n-th commit fails, and no other. */
  public static DataSource only(int n, Lost lost, ConnectionSource source) {
    return where(commit -> commit == n, lost, source);
  }

  private static DataSource where(IntPredicate fails, Lost lost, ConnectionSource source) {
    AtomicInteger commits = new AtomicInteger();
    return (DataSource)
        Proxy.newProxyInstance(
            FailingCommits.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("getConnection")) {
                return failing(source.connection(), fails, lost, commits);
              }
              throw new UnsupportedOperationException(method.getName());
            });
  }

  /** Where the real connections come from. */
  @FunctionalInterface
  public interface ConnectionSource {
    Connection connection() throws SQLException;
  }

  private static Connection failing(
      Connection connection, IntPredicate isFailing, Lost lost, AtomicInteger commits) {
    return (Connection)
        Proxy.newProxyInstance(
            FailingCommits.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              boolean fails =
                  method.getName().equals("commit") && isFailing.test(commits.incrementAndGet());
              if (fails && lost == Lost.BEFORE_THE_COMMIT) {
                connection.rollback();
                throw new SQLException("connection lost before the commit", "08006");
              }
              if (fails && lost == Lost.NOT_BUT_A_RACE) {
                connection.rollback();
                throw new SQLException("could not serialize access", "40001");
              }
              try {
                Object result = method.invoke(connection, arguments);
                if (fails) {
                  throw new SQLException("connection lost after the commit", "08006");
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
