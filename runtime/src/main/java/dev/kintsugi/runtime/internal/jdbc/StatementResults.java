package dev.kintsugi.runtime.internal.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Walks the results of several statements that went to the server in one round trip. */
public final class StatementResults {

  /**
   * Expressions for a select list, before a look-up in {@code kintsugi_skip}: it is to be answered
   * by the index that fits, whatever PostgreSQL thinks of the table. That table is empty one minute
   * and holds a million rows the next; a plan without statistics, or cached while it was empty,
   * reads or sorts all of it.
   */
  public static final String USE_INDEXES =
      forEachSetting(
          "set_config('kintsugi.%1$s', current_setting('%1$s'), TRUE),"
              + " set_config('%1$s', 'off', TRUE)");

  /** {@link #USE_INDEXES} as a statement of its own; see {@link #byIndex}. */
  public static final String BY_INDEX = "SELECT " + USE_INDEXES + "; ";

  /**
   * Ends what {@link #USE_INDEXES} began: the rest of the transaction is the handlers', and on a
   * connection of the application's it is the application's.
   */
  public static final String AS_BEFORE =
      "; SELECT " + forEachSetting("set_config('%1$s', current_setting('kintsugi.%1$s'), TRUE)");

  private static String forEachSetting(String expression) {
    return Stream.of("enable_seqscan", "enable_bitmapscan", "enable_sort")
        .map(expression::formatted)
        .collect(Collectors.joining(", "));
  }

  private StatementResults() {}

  /** Runs all statements and returns the first result that has rows. */
  public static ResultSet first(PreparedStatement statement) throws SQLException {
    return rows(statement, statement.execute());
  }

  /** Runs statements that begin with {@link #BY_INDEX} and returns the rows of the one after it. */
  public static ResultSet byIndex(PreparedStatement statement) throws SQLException {
    first(statement).close();
    return next(statement);
  }

  /** The next result that has rows; those that only count are passed over. */
  public static ResultSet next(PreparedStatement statement) throws SQLException {
    return rows(statement, statement.getMoreResults());
  }

  private static ResultSet rows(PreparedStatement statement, boolean isRows) throws SQLException {
    while (!isRows) {
      if (statement.getUpdateCount() == -1) {
        throw new SQLException("a result with rows was expected, but there are no further results");
      }
      isRows = statement.getMoreResults();
    }
    return statement.getResultSet();
  }
}
