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

  /** Has the session look in a schema first, to the end of the transaction. */
  public static void beginWith(Connection connection, @Nullable String place) throws SQLException {
    if (place != null) {
      set(connection, place, of(connection));
    }
  }
}
