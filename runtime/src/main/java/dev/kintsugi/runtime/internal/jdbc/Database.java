package dev.kintsugi.runtime.internal.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
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
  public static final int ATTEMPTS = 8;

  /** As short as the pool allows: what is borrowed is to be given back soon. */
  private static final Duration KEPT_UNUSED = Duration.ofSeconds(10);

  private final Source connections;
  private final AutoCloseable onClose;
  private final Answers answers;
  private final Preparation preparation;

  /** Gives out connections. */
  @FunctionalInterface
  private interface Source {
    Connection next() throws SQLException;
  }

  /** How long an answer of the server is waited for, in milliseconds, and how long in long work. */
  private record Answers(int within, int inLongWork) {
    static Answers of(JdbcSettings settings) {
      return new Answers(
          Math.toIntExact(settings.answerTimeout().toMillis()),
          Math.toIntExact(settings.longAnswerTimeout().toMillis()));
    }
  }

  /** What has to be done before a connection is used. Once it was, it costs nothing. */
  @FunctionalInterface
  public interface Preparation {
    void ensure() throws SQLException;
  }

  /**
   * Connections from a pool that somebody else owns and closes. They must be PostgreSQL's driver's,
   * wrapped or not, and come with autocommit off; the pool has to set back their network timeout.
   */
  public Database(DataSource connections) {
    this(
        connections::getConnection,
        () -> {},
        new Answers(
            Math.toIntExact(JdbcSettings.ANSWER_TIMEOUT.toMillis()),
            Math.toIntExact(JdbcSettings.LONG_ANSWER_TIMEOUT.toMillis())),
        () -> {});
  }

  private Database(
      Source connections, AutoCloseable onClose, Answers answers, Preparation preparation) {
    this.connections = connections;
    this.onClose = onClose;
    this.answers = answers;
    this.preparation = preparation;
  }

  /**
   * The same connections, whose answers are waited for no longer than this; to be closed by whoever
   * closes this one.
   *
   * <p>On each connection there is such a bound, {@code kintsugi.jdbc.answer-timeout} if no other
   * is asked for. Where the answer to a statement takes longer, the connection counts as lost: so
   * that a network which went silent keeps no thread for ever.
   */
  public Database answeringWithin(Duration longest) {
    int millis = Math.toIntExact(longest.toMillis());
    return new Database(
        connections, () -> {}, new Answers(millis, answers.inLongWork()), preparation);
  }

  /**
   * The same connections, for statements that may rightly take long: those of a rebuild, of a
   * verification, of housekeeping, of tables and indexes that are made. Their bound is {@code
   * kintsugi.jdbc.long-answer-timeout}. To be closed by whoever closes this one.
   */
  public Database forLongWork() {
    return new Database(
        connections,
        () -> {},
        new Answers(answers.inLongWork(), answers.inLongWork()),
        preparation);
  }

  /**
   * The same connections, of which none is given out before something else is done; that fails
   * where it does. To be closed by whoever closes this one.
   */
  public Database after(Preparation first) {
    return new Database(connections, () -> {}, answers, first);
  }

  /**
   * Opens a pool and one connection.
   *
   * @throws DatabaseUnavailableException if there is no database, in one line that says which and
   *     why
   */
  public static Database open(JdbcSettings settings) {
    return reached(of(settings));
  }

  /**
   * The same with connections of a DataSource that somebody else owns and closes.
   *
   * @throws DatabaseUnavailableException if it gives none, in one line that says why
   */
  public static Database open(JdbcSettings settings, DataSource owners) {
    return reached(of(settings, owners));
  }

  private static Database reached(Database database) {
    try (Connection connection = database.connection()) {
      connection.rollback();
    } catch (SQLException e) {
      database.close();
      throw new DatabaseUnavailableException(e);
    }
    return database;
  }

  /** A pool, of a database that need not be there yet. */
  public static Database of(JdbcSettings settings) {
    return of(settings, pooling(settings), settings.toString());
  }

  static HikariConfig pooling(JdbcSettings settings) {
    return pooling(
        settings, new DriverConnections(login(settings), settings.idleInTransactionTimeout()));
  }

  /**
   * A pool of connections that are borrowed of a DataSource when they are needed, kept for a while,
   * and given back as they were. The DataSource is closed by its owner; the database need not be
   * there yet. Of the settings, URL, user and password don't count.
   */
  public static Database of(JdbcSettings settings, DataSource owners) {
    LentConnections lent =
        new LentConnections(owners, settings.answerTimeout(), settings.idleInTransactionTimeout());
    HikariConfig config = pooling(settings, lent);
    config.setMinimumIdle(0);
    config.setIdleTimeout(KEPT_UNUSED.toMillis());
    return of(settings, config, lent.toString());
  }

  private static Database of(JdbcSettings settings, HikariConfig config, String from) {
    HikariDataSource pool = new HikariDataSource(config);
    return new Database(() -> next(pool, from), pool, Answers.of(settings), () -> {});
  }

  private static HikariConfig pooling(JdbcSettings settings, NewConnections connections) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("kintsugi");
    config.setDataSource(connections);
    config.setMaximumPoolSize(settings.poolSize());
    long connectionTimeout = settings.connectionTimeout().toMillis();
    config.setConnectionTimeout(connectionTimeout);
    // Of a connection that answers no more, whoever waits for one must hear in time.
    config.setValidationTimeout(Math.min(config.getValidationTimeout(), connectionTimeout));
    config.setInitializationFailTimeout(-1);
    config.setAutoCommit(false);
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    return config;
  }

  private static Connection next(HikariDataSource pool, String from) throws SQLException {
    try {
      return pool.getConnection();
    } catch (SQLTransientConnectionException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw new SQLTransientConnectionException(
          "No connection to " + from + ": " + firstLine(why), e.getSQLState(), e);
    }
  }

  /** What the server said, or else the last of the causes: the driver's own words say little. */
  private static String firstLine(Throwable error) {
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

  /** What the URL leaves open, the settings say. */
  private static Properties login(JdbcSettings settings) {
    Properties login = PostgresUrl.of(settings.url()).properties();
    if (!settings.user().isEmpty()) {
      login.putIfAbsent(PGProperty.USER.getName(), settings.user());
      login.putIfAbsent(PGProperty.PASSWORD.getName(), settings.password());
    }
    login.putIfAbsent(PGProperty.APPLICATION_NAME.getName(), "kintsugi");
    login.putIfAbsent(PGProperty.TCP_KEEP_ALIVE.getName(), "true");
    // The driver's threads that log in are bounded, too. In seconds.
    login.putIfAbsent(
        PGProperty.SOCKET_TIMEOUT.getName(),
        String.valueOf(settings.answerTimeout().plusMillis(999).toSeconds()));
    return login;
  }

  /**
   * A connection that the caller closes; what it didn't commit is rolled back by then.
   *
   * @throws SQLException if none could be had
   */
  public Connection connection() throws SQLException {
    preparation.ensure();
    Connection connection = connections.next();
    try {
      connection.setNetworkTimeout(Runnable::run, answers.within()); // costs no round trip
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /**
   * Ends a connection's session and closes it, so that no pool hands it to anybody again: for one
   * that was changed in a way that can't be undone for certain.
   */
  public static void discard(Connection connection) {
    try {
      connection.unwrap(BaseConnection.class).close();
    } catch (SQLException e) {
      log.debug("A session did not end cleanly", e);
    }
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      log.debug("A session could not be aborted: it has ended", e);
    }
    try {
      connection.close(); // the pool sees that it is closed, and drops it
    } catch (SQLException e) {
      log.debug("A pool took note of a session that has ended", e);
    }
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
    return inTransaction(work, () -> {});
  }

  /**
   * The same, for work that leaves something outside of the database.
   *
   * @param undo takes that back; run whenever the transaction is not known to be committed: before
   *     the work is run again, and before this method throws
   */
  public <T> T inTransaction(Work<T> work, Runnable undo) throws Exception {
    boolean committed = false;
    try {
      T result = tryInTransaction(work, undo);
      committed = true;
      return result;
    } finally {
      if (!committed) {
        undo.run();
      }
    }
  }

  private <T> T tryInTransaction(Work<T> work, Runnable undo) throws Exception {
    for (int attempt = 1; ; attempt++) {
      try (Connection connection = connection()) {
        return commitOrRollBack(connection, work);
      } catch (Exception e) {
        if (attempt == ATTEMPTS || !SqlStates.isTransactionRetriable(e)) {
          throw e;
        }
        log.debug("Transaction lost a race, attempt {} of {}", attempt, ATTEMPTS, e);
        undo.run();
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

  /** A pause with jitter, before what others kept from being done is tried again. */
  public static void pauseAfter(int attempt) throws InterruptedException {
    long upToMillis = 10L << Math.min(attempt, 6);
    LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(1, upToMillis * 1_000_000L));
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while waiting to run a transaction again");
    }
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
