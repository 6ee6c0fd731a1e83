package dev.kintsugi.runtime.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The tables of a projection, from its script. Which tables these are is found by running the
 * script in a schema that never comes to be: what it makes there with unqualified names is the read
 * model, all that a rebuild may empty. Every method works in the caller's transaction.
 */
public final class ReadModels {

  private static final String TABLES_OF_PROBE =
      """
      SELECT quote_ident(relname) FROM pg_class
      WHERE relnamespace = 'kintsugi_probe'::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition
      ORDER BY relname
      """;

  private ReadModels() {}

  /**
   * Finds the tables that a projection's script makes. The caller must roll the transaction back.
   *
   * @throws SchemaException if the script fails, or makes no table by an unqualified name, or one
   *     that is the journal's or Kintsugi's own
   */
  public static ReadModel probe(Connection connection, Projection<?> projection)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA kintsugi_probe");
      statement.execute(
          "SELECT set_config('search_path', 'kintsugi_probe, ' || current_setting('search_path'), TRUE)");
      run(statement, projection);
      List<String> tables = new ArrayList<>();
      try (ResultSet row = statement.executeQuery(TABLES_OF_PROBE)) {
        while (row.next()) {
          tables.add(row.getString(1));
        }
      }
      if (tables.isEmpty()) {
        throw new SchemaException(
            "the table script %s of projection '%s' makes no table by an unqualified name"
                .formatted(projection.tables().source(), projection.name()));
      }
      refuseOwn(projection, tables);
      return new ReadModel(projection, tables);
    }
  }

  private static void refuseOwn(Projection<?> projection, List<String> tables) {
    for (String own : Schema.ownNames()) {
      if (tables.contains(own)) {
        throw new SchemaException(
            "the table script %s of projection '%s' makes the table %s, which is the journal's or Kintsugi's own; a rebuild would empty it"
                .formatted(projection.tables().source(), projection.name(), own));
      }
    }
  }

  /**
   * Notes whose each table is.
   *
   * @param owners the tables known so far, with their projections; these are added to it
   * @throws SchemaException if one is another projection's
   */
  public static void refuseShared(ReadModel readModel, Map<String, String> owners) {
    for (String table : readModel.tables()) {
      String owner = owners.putIfAbsent(table, readModel.projection().name());
      if (owner != null) {
        throw new SchemaException(
            "projections '%s' and '%s' both make the table %s; a rebuild of one would empty the other's"
                .formatted(owner, readModel.projection().name(), table));
      }
    }
  }

  /**
   * Keeps other nodes from making tables until the transaction has ended. To be taken before the
   * transaction looks for any: what a session has looked up in vain it does not see made by others.
   */
  public static void lock(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_xact_lock(hashtext('kintsugi.schema'))");
    }
  }

  /**
   * Runs the script if one of its tables is not there. The caller holds the {@link #lock}.
   *
   * @throws SchemaException if it fails
   */
  public static void create(Connection connection, ReadModel readModel) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (!allExist(connection, readModel.tables())) {
        run(statement, readModel.projection());
      }
    }
  }

  /** Those of a read model's tables that are there and hold rows. */
  public static List<String> withRows(Connection connection, ReadModel readModel)
      throws SQLException {
    List<String> filled = new ArrayList<>();
    for (String table : readModel.tables()) {
      if (allExist(connection, List.of(table))) {
        try (Statement statement = connection.createStatement();
            ResultSet row = statement.executeQuery("SELECT EXISTS (SELECT 1 FROM " + table + ")")) {
          row.next();
          if (row.getBoolean(1)) {
            filled.add(table);
          }
        }
      }
    }
    return filled;
  }

  private static boolean allExist(Connection connection, List<String> tables) throws SQLException {
    try (PreparedStatement exist =
        connection.prepareStatement(
            "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(?::text[]) AS name")) {
      exist.setArray(1, connection.createArrayOf("text", tables.toArray()));
      try (ResultSet row = exist.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private static void run(Statement statement, Projection<?> projection) {
    try {
      statement.execute(projection.tables().ddl());
      for (Tables.Index index : projection.tables().indexes()) {
        statement.execute(index.ddl());
      }
    } catch (SQLException e) {
      throw new SchemaException(
          "the table script %s of projection '%s' fails: %s"
              .formatted(projection.tables().source(), projection.name(), e.getMessage()),
          e);
    }
  }

  /** Empties a read model. Waits for its readers, for no longer than the session's lock timeout. */
  public static void truncate(Connection connection, List<String> tables) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("TRUNCATE " + String.join(", ", tables) + " RESTART IDENTITY");
    }
  }

  /** Drops the indexes that are built after the bulk load of a rebuild. */
  public static void dropIndexes(Connection connection, Projection<?> projection)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (Tables.Index index : projection.tables().indexes()) {
        statement.execute("DROP INDEX IF EXISTS " + index.name());
      }
    }
  }

  /** Builds them. Until the transaction has ended, nobody can write to their tables. */
  public static void createIndexes(Connection connection, Projection<?> projection)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (Tables.Index index : projection.tables().indexes()) {
        statement.execute(index.ddl());
      }
    }
  }
}
