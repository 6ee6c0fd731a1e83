package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether a rebuild's reset can succeed. What a catalog tells is asked before a rebuild begins: a
 * step that can't succeed would leave the projection standing still.
 */
final class ReadModelReset {

  private static final String NOTED =
      """
      WITH noted AS (
        SELECT c.oid, c.relowner, c.relnamespace, t.version
        FROM kintsugi_table t JOIN pg_class c ON c.oid = to_regclass(t.table_name)
        WHERE t.projection = ?)
      """;

  private static final String IS_REMADE =
      "SELECT EXISTS (SELECT 1 FROM kintsugi_table WHERE projection = ? AND version <> ?)";

  /** In the order in which they can be dropped. */
  private static final String VIEWS =
      """
      SELECT DISTINCT c.oid::regclass::text, c.oid FROM (
        SELECT unnest(views) AS name FROM kintsugi_table WHERE projection = ?
        UNION SELECT unnest(?::text[])) AS own
      JOIN pg_class c ON c.oid = to_regclass(own.name) AND c.relkind IN ('v', 'm')
      ORDER BY c.oid DESC
      """;

  private static final String REFERRING =
      NOTED
          + """
          SELECT DISTINCT 'table ' || k.conrelid::regclass || ' (' || quote_ident(k.conname) || ')'
          FROM pg_constraint k JOIN noted ON noted.oid = k.confrelid
          WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT EXISTS (
            SELECT 1 FROM noted o WHERE o.oid = k.conrelid
            UNION ALL SELECT 1 FROM noted o, pg_partition_tree(o.oid) p WHERE p.relid = k.conrelid)
          ORDER BY 1
          """;

  private static final String LACKS_TO_EMPTY =
      NOTED
          + """
          SELECT 'TRUNCATE on table ' || oid::regclass FROM noted
          WHERE NOT has_table_privilege(oid, 'TRUNCATE')
          UNION ALL
          SELECT 'ownership of sequence ' || s.oid::regclass || ', which a reset begins anew'
          FROM noted JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass
            AND d.refobjid = noted.oid AND d.classid = 'pg_class'::regclass
            AND d.deptype IN ('a', 'i')
          JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
          WHERE NOT pg_has_role(s.relowner, 'USAGE')
          ORDER BY 1
          """;

  private static final String LACKS_TO_REMAKE =
      NOTED
          + """
          SELECT 'ownership of table ' || noted.oid::regclass
          FROM noted JOIN pg_namespace n ON n.oid = noted.relnamespace
          WHERE NOT pg_has_role(noted.relowner, 'USAGE') AND NOT pg_has_role(n.nspowner, 'USAGE')
          UNION ALL
          SELECT 'CREATE on schema ' || quote_ident(current_schema())
          WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
          ORDER BY 1
          """;

  private static final String NOT_OWNED =
      NOTED
          + """
          SELECT 'ownership of table ' || oid::regclass || ', whose indexes a rebuild drops and builds'
          FROM noted WHERE NOT pg_has_role(relowner, 'USAGE') ORDER BY 1
          """;

  private static final String LEFT_BEHIND =
      """
      SELECT quote_ident(name) FROM unnest(?::text[]) AS name WHERE name IN (
        SELECT typname FROM pg_type WHERE typnamespace = current_schema()::regnamespace
        UNION SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        UNION SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
      ORDER BY 1
      """;

  private static final String DEPENDENT =
      NOTED
          + """
          , own AS (
            SELECT oid FROM noted
            UNION SELECT p.relid FROM noted, pg_partition_tree(noted.oid) p
            UNION SELECT to_regclass(name) FROM unnest(?::text[]) AS name),
          dropped AS (
            SELECT 'pg_class'::regclass AS class, oid FROM own
            UNION SELECT 'pg_type'::regclass, t.oid FROM own JOIN pg_type t ON t.typrelid = own.oid
            UNION SELECT 'pg_type'::regclass, t.typarray
              FROM own JOIN pg_type t ON t.typrelid = own.oid
            UNION SELECT 'pg_class'::regclass, d.objid FROM own JOIN pg_depend d
              ON d.refclassid = 'pg_class'::regclass AND d.refobjid = own.oid
                AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))
          SELECT DISTINCT pg_describe_object(
            CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END,
            coalesce(r.ev_class, d.objid), CASE WHEN r.oid IS NULL THEN d.objsubid ELSE 0 END)
          FROM dropped JOIN pg_depend d ON d.refclassid = dropped.class AND d.refobjid = dropped.oid
          LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
          LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
          LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
          WHERE d.deptype = 'n'
            AND NOT EXISTS (SELECT 1 FROM own WHERE own.oid IN (r.ev_class, k.conrelid, a.adrelid))
            AND NOT EXISTS (
              SELECT 1 FROM dropped o WHERE o.class = d.classid AND o.oid = d.objid)
          ORDER BY 1
          """;

  private ReadModelReset() {}

  /** See {@link ReadModels#obstacle}. */
  static Optional<String> obstacle(
      Connection connection, String projection, int version, List<String> views)
      throws SQLException {
    return isRemade(connection, projection, version)
        ? toRemake(connection, projection, views)
        : toEmpty(connection, projection);
  }

  /** The same for a read model at hand, of which more is known. */
  static Optional<String> obstacle(Connection connection, ReadModel readModel) throws SQLException {
    Projection<?> projection = readModel.projection();
    Optional<String> obstacle =
        obstacle(connection, projection.name(), projection.version(), readModel.views());
    if (obstacle.isPresent()) {
      return obstacle;
    }
    if (isRemade(connection, projection.name(), projection.version())) {
      return leftBehind(connection, readModel);
    }
    return SharedSecrets.definitionOf(projection).script().indexes().isEmpty()
        ? obstacle
        : lacking(connection, query(connection, NOT_OWNED, projection.name()));
  }

  private static Optional<String> leftBehind(Connection connection, ReadModel readModel)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LEFT_BEHIND)) {
      select.setArray(1, connection.createArrayOf("text", readModel.madeOnce().toArray()));
      List<String> left = texts(select);
      return left.isEmpty()
          ? Optional.empty()
          : Optional.of(
              "the table script %s can't run again, as an older version's left %s behind. Let it make types, sequences, functions and the like IF NOT EXISTS or OR REPLACE, or elsewhere."
                  .formatted(readModel.projection().tables().source(), String.join(", ", left)));
    }
  }

  /** Views that the script of one of the versions makes, in the order to drop them. */
  static List<String> viewsThere(Connection connection, String projection, List<String> views)
      throws SQLException {
    return query(connection, VIEWS, projection, views);
  }

  private static Optional<String> toEmpty(Connection connection, String projection)
      throws SQLException {
    List<String> referring = query(connection, REFERRING, projection);
    if (!referring.isEmpty()) {
      return Optional.of(
          "foreign keys of tables that are not the projection's refer to its tables: %s. PostgreSQL empties no table that others refer to: drop these constraints."
              .formatted(String.join(", ", referring)));
    }
    return lacking(connection, query(connection, LACKS_TO_EMPTY, projection));
  }

  private static Optional<String> toRemake(
      Connection connection, String projection, List<String> views) throws SQLException {
    List<String> own = viewsThere(connection, projection, views);
    List<String> dependent = query(connection, DEPENDENT, projection, own);
    if (!dependent.isEmpty()) {
      return Optional.of(
          "its tables are made anew, and can't be dropped, as something depends on them: %s. Drop that, and make it again once the rebuild has begun to replay; or let the table script make it."
              .formatted(String.join(", ", dependent)));
    }
    return lacking(connection, query(connection, LACKS_TO_REMAKE, projection));
  }

  private static Optional<String> lacking(Connection connection, List<String> privileges)
      throws SQLException {
    return privileges.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "the database's user %s lacks %s. Grant it, or make the user a member of the role that owns it."
                .formatted(connection.getMetaData().getUserName(), String.join(", ", privileges)));
  }

  private static boolean isRemade(Connection connection, String projection, int version)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(IS_REMADE)) {
      select.setString(1, projection);
      select.setInt(2, version);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private static List<String> query(Connection connection, String sql, String projection)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, projection);
      return texts(select);
    }
  }

  private static List<String> query(
      Connection connection, String sql, String projection, List<String> names)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, projection);
      select.setArray(2, connection.createArrayOf("text", names.toArray()));
      return texts(select);
    }
  }

  private static List<String> texts(PreparedStatement select) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        texts.add(row.getString(1));
      }
    }
    return texts;
  }
}
