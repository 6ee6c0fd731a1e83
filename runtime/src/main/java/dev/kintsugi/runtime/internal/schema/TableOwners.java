package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * The rows of {@code kintsugi_table}: which projection makes which table, and by which version's
 * script it was made. Every method works in the caller's transaction, which holds {@link
 * ReadModels#lock}; so what it read stays so.
 */
final class TableOwners {

  private static final String NOTE =
      """
      INSERT INTO kintsugi_table (table_name, projection, version, indexes, views)
      VALUES (?, ?, ?, ?::text[], ?::text[])
      ON CONFLICT (table_name) DO UPDATE SET indexes = excluded.indexes, views = excluded.views
      WHERE kintsugi_table.indexes IS NULL AND excluded.indexes IS NOT NULL
        AND kintsugi_table.projection = excluded.projection
        AND kintsugi_table.version = excluded.version
      """;

  private static final String OF_ANOTHER =
      """
      SELECT table_name, projection, version FROM kintsugi_table
      WHERE projection <> ? AND table_name = ANY (?::text[]) ORDER BY table_name LIMIT 1
      """;

  private static final String ANY = "SELECT 1 FROM kintsugi_table WHERE projection = ? LIMIT 1";

  private static final String ANY_OF_ANOTHER_VERSION =
      "SELECT 1 FROM kintsugi_table WHERE projection = ? AND version <> ? LIMIT 1";

  private static final String IS_NOTED =
      "SELECT 1 FROM kintsugi_table WHERE projection = ? AND table_name = ?";

  private static final String THERE =
      """
      SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY t.table_name)
      FROM kintsugi_table t JOIN pg_class c ON c.oid = to_regclass(t.table_name)
      WHERE t.projection = ?
      """;

  private static final String FORGET = "DELETE FROM kintsugi_table WHERE projection = ?";

  private static final String RENAME =
      "UPDATE kintsugi_table SET projection = ? WHERE projection = ?";

  private TableOwners() {}

  /**
   * Notes a read model's tables as its projection's; those that are noted stay as they are. What
   * else a script makes of them is noted if they are of its own version.
   */
  static void note(Connection connection, ReadModel readModel, int version) throws SQLException {
    boolean ofOwnVersion = version == readModel.projection().version();
    try (PreparedStatement note = connection.prepareStatement(NOTE)) {
      for (String table : readModel.tables()) {
        Optional<MadeTable> made =
            readModel.made().stream()
                .filter(each -> ofOwnVersion && each.name().equals(table))
                .findFirst();
        note.setString(1, table);
        note.setString(2, readModel.projection().name());
        note.setInt(3, version);
        note.setArray(4, made.isEmpty() ? null : array(connection, made.get().indexes()));
        note.setArray(5, made.isEmpty() ? null : array(connection, readModel.views()));
        note.executeUpdate();
      }
    }
  }

  /**
   * Says whether no table of a read model is another projection's.
   *
   * @throws SchemaException if one is
   */
  static void refuseOthers(Connection connection, ReadModel readModel) throws SQLException {
    String name = readModel.projection().name();
    try (PreparedStatement select = connection.prepareStatement(OF_ANOTHER)) {
      select.setString(1, name);
      select.setArray(2, tables(connection, readModel));
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          String owner = row.getString(2);
          throw new SchemaException(
              "projections '%s' and '%s' both make the table %s; a rebuild of one would empty the other's. Rename it in one of the scripts. If '%1$s', which made it in version %4$d, is a projection no more, drop its tables and DELETE FROM kintsugi_table WHERE projection = '%1$s'"
                  .formatted(owner, name, row.getString(1), row.getInt(3)));
        }
      }
    }
  }

  /** Whether any table is noted as a projection's. */
  static boolean knows(Connection connection, String projection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(ANY)) {
      select.setString(1, projection);
      return hasRow(select);
    }
  }

  /** Whether a table is noted as a projection's. */
  static boolean isNoted(Connection connection, String projection, String table)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(IS_NOTED)) {
      select.setString(1, projection);
      select.setString(2, table);
      return hasRow(select);
    }
  }

  /** Whether a table of a projection was made by another version's script than this one's. */
  static boolean areOfAnotherVersion(Connection connection, Projection<?> projection)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(ANY_OF_ANOTHER_VERSION)) {
      select.setString(1, projection.name());
      select.setInt(2, projection.version());
      return hasRow(select);
    }
  }

  /** The tables of a projection that are there, in whichever version, quoted; or empty. */
  static String there(Connection connection, String projection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(THERE)) {
      select.setString(1, projection);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        String tables = row.getString(1);
        return tables == null ? "" : tables;
      }
    }
  }

  /** The names of a projection's tables. */
  static List<String> tables(Connection connection, String projection) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT table_name FROM kintsugi_table WHERE projection = ? ORDER BY 1")) {
      select.setString(1, projection);
      return Places.texts(select);
    }
  }

  /** Notes that a projection's tables are another's. */
  static void rename(Connection connection, String from, String to) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(RENAME)) {
      update.setString(1, to);
      update.setString(2, from);
      update.executeUpdate();
    }
  }

  /** Notes that a projection has no tables. */
  static void forget(Connection connection, String projection) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(FORGET)) {
      delete.setString(1, projection);
      delete.executeUpdate();
    }
  }

  private static Array tables(Connection connection, ReadModel readModel) throws SQLException {
    return array(connection, readModel.tables());
  }

  private static Array array(Connection connection, List<String> names) throws SQLException {
    return connection.createArrayOf("text", names.toArray());
  }

  private static boolean hasRow(PreparedStatement select) throws SQLException {
    try (ResultSet row = select.executeQuery()) {
      return row.next();
    }
  }
}
