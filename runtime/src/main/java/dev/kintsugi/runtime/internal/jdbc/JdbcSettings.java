package dev.kintsugi.runtime.internal.jdbc;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Where the database is, and how many connections this node takes; section {@code kintsugi.jdbc}.
 *
 * @param password is in no log and in no {@link #toString()}
 * @param connectionTimeout how long a connection is waited for; the pool's look whether one still
 *     lives, of 5 s at most, takes no longer either
 * @param idleInTransactionTimeout for how long a transaction may stand still between two statements
 *     before the server ends it and its connection; zero leaves that to the server's settings
 * @param answerTimeout how long the server's answer to a statement is waited for before the
 *     connection counts as lost
 * @param longAnswerTimeout the same, where a statement may rightly take long
 */
public record JdbcSettings(
    String url,
    String user,
    String password,
    int poolSize,
    Duration connectionTimeout,
    Duration idleInTransactionTimeout,
    Duration answerTimeout,
    Duration longAnswerTimeout) {

  /** The pool takes no shorter one. */
  private static final Duration SHORTEST_CONNECTION_TIMEOUT = Duration.ofMillis(250);

  static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(45);
  static final Duration LONG_ANSWER_TIMEOUT = Duration.ofMinutes(30);

  public JdbcSettings {
    refuseUnreadable(url);
    if (poolSize < 2) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.pool-size must be 2 or more, is " + poolSize);
    }
    if (connectionTimeout.compareTo(SHORTEST_CONNECTION_TIMEOUT) < 0
        || connectionTimeout.toMillis() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.connection-timeout must be between 250 ms and 24 days, is "
              + connectionTimeout);
    }
    if (idleInTransactionTimeout.isNegative()
        || idleInTransactionTimeout.toMillis() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.idle-in-transaction-timeout must be between 0 and 24 days, is "
              + idleInTransactionTimeout);
    }
    refuseUnlessMillis("answer-timeout", answerTimeout);
    refuseUnlessMillis("long-answer-timeout", longAnswerTimeout);
    if (longAnswerTimeout.compareTo(answerTimeout) < 0) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.long-answer-timeout (%s) is shorter than kintsugi.jdbc.answer-timeout (%s)"
              .formatted(longAnswerTimeout, answerTimeout));
    }
  }

  private static void refuseUnlessMillis(String key, Duration timeout) {
    if (timeout.compareTo(Duration.ofMillis(1)) < 0
        || timeout.compareTo(Duration.ofMillis(Integer.MAX_VALUE)) > 0) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.%s must be between a millisecond and 24 days, is %s"
              .formatted(key, timeout));
    }
  }

  private static void refuseUnreadable(String url) {
    try {
      PostgresUrl.of(url);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.url can't be used. %s Set it in the configuration, or KINTSUGI_JDBC_URL in the environment."
              .formatted(e.getMessage()),
          e);
    }
  }

  /** Transactions that may stand still for as long as the server lets them. */
  public JdbcSettings(
      String url, String user, String password, int poolSize, Duration connectionTimeout) {
    this(url, user, password, poolSize, connectionTimeout, Duration.ZERO);
  }

  /** Answers that are waited for as long as by default. */
  public JdbcSettings(
      String url,
      String user,
      String password,
      int poolSize,
      Duration connectionTimeout,
      Duration idleInTransactionTimeout) {
    this(
        url,
        user,
        password,
        poolSize,
        connectionTimeout,
        idleInTransactionTimeout,
        ANSWER_TIMEOUT,
        LONG_ANSWER_TIMEOUT);
  }

  public static JdbcSettings of(Config config) {
    return new JdbcSettings(
        config.getString("url"),
        config.getString("user"),
        config.getString("password"),
        config.getInt("pool-size"),
        config.getDuration("connection-timeout"),
        config.getDuration("idle-in-transaction-timeout"),
        config.getDuration("answer-timeout"),
        config.getDuration("long-answer-timeout"));
  }

  /** The same database, with so many connections besides. */
  public JdbcSettings withPoolSize(int connections) {
    return new JdbcSettings(
        url,
        user,
        password,
        connections,
        connectionTimeout,
        idleInTransactionTimeout,
        answerTimeout,
        longAnswerTimeout);
  }

  /** Hosts, port and database of the URL, without its parameters, which may hold a password. */
  public String urlForPeople() {
    return PostgresUrl.forPeople(url);
  }

  @Override
  public String toString() {
    return urlForPeople() + " as " + (user.isEmpty() ? "the driver's default user" : user);
  }
}
