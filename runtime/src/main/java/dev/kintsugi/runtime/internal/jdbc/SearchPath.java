package dev.kintsugi.runtime.internal.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Where a transaction's session finds tables that are named without a schema. What is set here ends
 * with the transaction.
 */
public final class SearchPath {

  /** The path is read before it is changed: a CTE that is materialized is not run again. */
  private static final String BEGIN_WITH =
      """
      WITH before AS MATERIALIZED (SELECT current_setting('search_path') AS path)
      SELECT path, set_config('search_path', concat_ws(', ', quote_ident(?), nullif(path, '')), TRUE)
      FROM before
      """;

  private SearchPath() {}

  /** The path as it is. */
  public static String of(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT current_setting('search_path')")) {
      row.next();
      return row.getString(1);
    }
  }

  /** Has the session look in a schema first, if there is one, and then along a path. */
  public static void set(Connection connection, @Nullable String place, String path)
      throws SQLException {
    try (PreparedStatement set =
        connection.prepareStatement(
            "SELECT set_config('search_path', concat_ws(', ', quote_ident(?), nullif(?, '')), TRUE)")) {
      set.setString(1, place);
      set.setString(2, path);
      set.execute();
    }
  }

  /** Has the session look in a schema first, if there is one, to the end of the transaction. */
  public static void beginWith(Connection connection, @Nullable String place) throws SQLException {
    if (place != null) {
      change(connection, place);
    }
  }

  /**
   * Has the session look in a schema first, to the end of the transaction: in one round trip.
   *
   * @return the path as it was before
   */
  public static String change(Connection connection, String place) throws SQLException {
    try (PreparedStatement begin = connection.prepareStatement(BEGIN_WITH)) {
      begin.setString(1, place);
      try (ResultSet row = begin.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }
}
