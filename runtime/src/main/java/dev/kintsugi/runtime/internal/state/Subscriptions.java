package dev.kintsugi.runtime.internal.state;

import dev.kintsugi.projections.Subscription;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The rows of {@code kintsugi_subscription}: which streams and tags a version of a projection
 * subscribes to, for nodes whose build lacks it. In the caller's transaction.
 */
public final class Subscriptions {

  private static final String NOTE =
      """
      INSERT INTO kintsugi_subscription AS s (projection, version, entity_types, tags)
      VALUES (?, ?, ?, ?)
      ON CONFLICT (projection, version)
        DO UPDATE SET entity_types = excluded.entity_types, tags = excluded.tags
        WHERE (s.entity_types, s.tags) IS DISTINCT FROM (excluded.entity_types, excluded.tags)
      """;

  private static final String FIND =
      """
      SELECT s.projection, s.version, s.entity_types, s.tags
      FROM unnest(?::text[], ?::int[]) AS u(projection, version)
      JOIN kintsugi_subscription s USING (projection, version)
      """;

  private static final String FORGET = "DELETE FROM kintsugi_subscription WHERE projection = ?";

  private static final String RENAME =
      """
      INSERT INTO kintsugi_subscription (projection, version, entity_types, tags)
      SELECT ?, version, entity_types, tags FROM kintsugi_subscription WHERE projection = ?
      ON CONFLICT (projection, version)
        DO UPDATE SET entity_types = excluded.entity_types, tags = excluded.tags
      """;

  private Subscriptions() {}

  /** A projection in a version. */
  public record Version(String projection, int version) {}

  /** Notes what a version of a projection subscribes to, as the build that has it says. */
  public static void note(
      Connection connection, String projection, int version, Subscription<?> subscription)
      throws SQLException {
    try (PreparedStatement note = connection.prepareStatement(NOTE)) {
      note.setString(1, projection);
      note.setInt(2, version);
      note.setArray(3, sorted(connection, subscription.entityTypes()));
      note.setArray(4, sorted(connection, subscription.tags()));
      note.executeUpdate();
    }
  }

  /** In one order, so that equal sets are equal arrays. */
  private static Array sorted(Connection connection, Set<String> names) throws SQLException {
    return connection.createArrayOf("text", names.stream().sorted().toArray());
  }

  /**
   * What is known of the subscriptions of some versions; of events it can say no more than that
   * they may be included, as it knows no class. One that is not known is missing.
   */
  public static Map<Version, Subscription<Object>> find(
      Connection connection, Collection<Version> versions) throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(FIND)) {
      find.setArray(
          1,
          connection.createArrayOf("text", versions.stream().map(Version::projection).toArray()));
      find.setArray(
          2, connection.createArrayOf("int4", versions.stream().map(Version::version).toArray()));
      Map<Version, Subscription<Object>> found = new HashMap<>();
      try (ResultSet row = find.executeQuery()) {
        while (row.next()) {
          found.put(
              new Version(row.getString(1), row.getInt(2)),
              new Subscription<>(Object.class, names(row.getArray(3)), names(row.getArray(4))));
        }
      }
      return found;
    }
  }

  private static Set<String> names(Array array) throws SQLException {
    return Set.of((String[]) array.getArray());
  }

  /** Notes all versions of a projection under another name. */
  public static void rename(Connection connection, String from, String to) throws SQLException {
    try (PreparedStatement rename = connection.prepareStatement(RENAME)) {
      rename.setString(1, to);
      rename.setString(2, from);
      rename.executeUpdate();
    }
    forget(connection, from);
  }

  /** Forgets all versions of a projection. */
  public static void forget(Connection connection, String projection) throws SQLException {
    try (PreparedStatement forget = connection.prepareStatement(FORGET)) {
      forget.setString(1, projection);
      forget.executeUpdate();
    }
  }
}
