package dev.kintsugi.runtime.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.postgresql.PGProperty;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;
import org.postgresql.util.PSQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's connections to PostgreSQL, and transactions on them.
 *
 * <p>All methods block; call them on a thread that may (never an actor's). Connections come with
 * autocommit off, at READ COMMITTED: the protocol needs a snapshot for each statement (DESIGN 5).
 */
public final class Database implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Database.class);

  /** How often a transaction that lost a race (deadlock, serialization) is run in all. */
  static final int ATTEMPTS = 8;

  private final DataSource connections;
  private final AutoCloseable onClose;

  /** In milliseconds; 0 if an answer is waited for without end. */
  private final int longestAnswer;

  /**
   * Connections from a pool that somebody else owns and closes. They must be PostgreSQL's driver's,
   * wrapped or not, and come with autocommit off.
   */
  public Database(DataSource connections) {
    this(connections, () -> {}, 0);
  }

  private Database(DataSource connections, AutoCloseable onClose, int longestAnswer) {
    this.connections = connections;
    this.onClose = onClose;
    this.longestAnswer = longestAnswer;
  }

  /**
   * The same connections, for statements that are known to be short: where the server's answer to
   * one takes longer than this, the connection counts as lost. A network that went silent would
   * keep the thread waiting for a quarter of an hour otherwise. To be closed by whoever closes this
   * one.
   */
  public Database answeringWithin(Duration longest) {
    return new Database(connections, () -> {}, Math.toIntExact(longest.toMillis()));
  }

  /**
   * Opens a pool and one connection.
   *
   * @throws DatabaseUnavailableException if there is no database, in one line that says which and
   *     why
   */
  public static Database open(JdbcSettings settings) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("kintsugi");
    config.setDataSource(new DriverConnections(login(settings)));
    config.setMaximumPoolSize(settings.poolSize());
    config.setConnectionTimeout(settings.connectionTimeout().toMillis());
    config.setInitializationFailTimeout(-1);
    config.setAutoCommit(false);
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    if (!settings.idleInTransactionTimeout().isZero()) {
      config.setConnectionInitSql(
          "SET idle_in_transaction_session_timeout = "
              + settings.idleInTransactionTimeout().toMillis());
      config.setIsolateInternalQueries(true); // or the first rollback would undo it
    }
    HikariDataSource pool = pool(config, settings);
    try (Connection connection = pool.getConnection()) {
      connection.rollback();
    } catch (SQLException e) {
      pool.close();
      throw unavailable(settings, e.getCause() == null ? e : e.getCause());
    }
    return new Database(pool, pool, 0);
  }

  /** What the URL leaves open, the settings say. */
  private static Properties login(JdbcSettings settings) {
    Properties login = PostgresUrl.of(settings.url()).properties();
    if (!settings.user().isEmpty()) {
      login.putIfAbsent(PGProperty.USER.getName(), settings.user());
      login.putIfAbsent(PGProperty.PASSWORD.getName(), settings.password());
    }
    login.putIfAbsent(PGProperty.APPLICATION_NAME.getName(), "kintsugi");
    login.putIfAbsent(PGProperty.TCP_KEEP_ALIVE.getName(), "true");
    return login;
  }

  private static HikariDataSource pool(HikariConfig config, JdbcSettings settings) {
    try {
      return new HikariDataSource(config);
    } catch (RuntimeException e) {
      throw unavailable(settings, e);
    }
  }

  private static DatabaseUnavailableException unavailable(JdbcSettings settings, Throwable error) {
    return new DatabaseUnavailableException(
        "No connection to " + settings + ": " + why(error), error);
  }

  /**
   * A connection that the caller closes; what it didn't commit is rolled back by then.
   *
   * @throws SQLException if none could be had
   */
  public Connection connection() throws SQLException {
    Connection connection = connections.getConnection();
    if (longestAnswer > 0) {
      connection.setNetworkTimeout(Runnable::run, longestAnswer);
    }
    return connection;
  }

  /** What runs in a transaction. It must leave commit and rollback to whoever called it. */
  @FunctionalInterface
  public interface Work<T> {
    T run(Connection connection) throws Exception;
  }

  /**
   * Runs the work in a transaction of its own and commits. When it lost a race to another
   * transaction (SQLSTATE 40001, 40P01), it is rolled back and run again, after a pause with
   * jitter, a bounded number of times; so the work must be free of effects outside of the database.
   *
   * @throws Exception what the work threw, or what the commit threw; the transaction was rolled
   *     back. Also if the work swallowed an error of the database.
   */
  public <T> T inTransaction(Work<T> work) throws Exception {
    for (int attempt = 1; ; attempt++) {
      try (Connection connection = connection()) {
        return commitOrRollBack(connection, work);
      } catch (Exception e) {
        if (attempt == ATTEMPTS || !SqlStates.isTransactionRetriable(e)) {
          throw e;
        }
        log.debug("Transaction lost a race, attempt {} of {}", attempt, ATTEMPTS, e);
        pauseAfter(attempt);
      }
    }
  }

  private static <T> T commitOrRollBack(Connection connection, Work<T> work) throws Exception {
    try {
      T result = work.run(connection);
      refuseAborted(connection);
      connection.commit();
      return result;
    } catch (Throwable e) {
      try {
        connection.rollback();
      } catch (SQLException notEvenThat) {
        e.addSuppressed(notEvenThat);
      }
      throw e;
    }
  }

  /**
   * The server answers the COMMIT of an aborted transaction with a rollback, and the driver says
   * nothing of it.
   */
  private static void refuseAborted(Connection connection) throws SQLException {
    if (isAborted(connection)) {
      throw new SQLException(
          "A statement failed and its error was swallowed, so the transaction can't be committed",
          SqlStates.IN_FAILED_TRANSACTION);
    }
  }

  /**
   * Refuses a connection that is not PostgreSQL's driver's, and can't be unwrapped to one.
   *
   * @throws IllegalArgumentException if so
   */
  public static void refuseForeign(Connection connection) throws SQLException {
    if (!connection.isWrapperFor(BaseConnection.class)) {
      throw new IllegalArgumentException(
          "a connection of %s can't be unwrapped to one of PostgreSQL's driver; a pool or proxy has to support java.sql.Wrapper"
              .formatted(connection.getClass().getName()));
    }
  }

  /**
   * Whether a statement failed in the connection's transaction, so that it can only be rolled back.
   * The driver knows; this costs no round trip.
   */
  public static boolean isAborted(Connection connection) throws SQLException {
    return connection.unwrap(BaseConnection.class).getTransactionState() == TransactionState.FAILED;
  }

  /**
   * Whether the transaction that was begun on a connection is no more. As {@link #isAborted}, this
   * costs nothing.
   */
  public static boolean hasEnded(Connection connection) throws SQLException {
    return connection.unwrap(BaseConnection.class).getTransactionState() == TransactionState.IDLE;
  }

  private static void pauseAfter(int attempt) throws InterruptedException {
    long upToMillis = 10L << Math.min(attempt, 6);
    LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(1, upToMillis * 1_000_000L));
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while waiting to run a transaction again");
    }
  }

  /** What the server said, or else the last of the causes: the driver's own words say little. */
  private static String why(Throwable error) {
    Throwable why = error;
    while (why.getCause() != null && !(why instanceof PSQLException said && isServers(said))) {
      why = why.getCause();
    }
    String message = why.getMessage();
    String line = message == null ? "" : message.lines().findFirst().orElse("");
    return why instanceof SQLException ? line : why.getClass().getSimpleName() + ": " + line;
  }

  private static boolean isServers(PSQLException said) {
    return said.getServerErrorMessage() != null;
  }

  @Override
  public void close() {
    try {
      onClose.close();
    } catch (Exception e) {
      log.warn("The connection pool did not close cleanly", e);
    }
  }
}
