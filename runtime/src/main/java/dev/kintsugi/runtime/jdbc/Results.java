package dev.kintsugi.runtime.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Walks the results of several statements that went to the server in one round trip. */
public final class Results {

  /**
   * Put before a look-up by key in {@code kintsugi_skip}. That table is empty one minute and holds
   * a million rows the next, and a plan that PostgreSQL cached while it was empty would read all of
   * it.
   */
  public static final String BY_INDEX = "SET LOCAL enable_seqscan = off; ";

  /** Ends what {@link #BY_INDEX} began. */
  public static final String AS_BEFORE = "; SET LOCAL enable_seqscan = on";

  private Results() {}

  /** Runs all statements and returns the first result that has rows. */
  public static ResultSet first(PreparedStatement statement) throws SQLException {
    return rows(statement, statement.execute());
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
