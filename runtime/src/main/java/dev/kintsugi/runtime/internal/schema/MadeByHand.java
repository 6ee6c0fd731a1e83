package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operator did to tables that are dropped and made anew: their owner, privileges, and
 * indexes that no script made. As statements, to be run on the new tables.
 */
final class MadeByHand {

  private static final Logger log = LoggerFactory.getLogger(MadeByHand.class);

  /**
   * Unique indexes are left out: they decide how the table has to be written, so a script has to
   * make them.
   */
  private static final String STATEMENTS =
      """
      WITH noted AS (
        SELECT c.oid, c.oid::regclass::text AS name, c.relowner, c.relacl, t.indexes
        FROM kintsugi_table t JOIN pg_class c ON c.oid = to_regclass(t.table_name)
        WHERE t.projection = ?)
      SELECT 1, format('ALTER TABLE %s OWNER TO %I', name, pg_get_userbyid(relowner))
      FROM noted WHERE pg_get_userbyid(relowner) <> current_user
      UNION ALL
      SELECT 2, format('GRANT %s ON TABLE %s TO %s%s', g.privilege_type, name,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM noted, aclexplode(relacl) AS g WHERE g.grantee <> relowner
      UNION ALL
      SELECT 3, format('GRANT %s (%I) ON TABLE %s TO %s%s', g.privilege_type, a.attname, name,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM noted JOIN pg_attribute a ON a.attrelid = noted.oid AND NOT a.attisdropped,
        aclexplode(a.attacl) AS g
      UNION ALL
      SELECT 4, regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE INDEX ', 'CREATE INDEX IF NOT EXISTS ')
      FROM noted JOIN pg_index i ON i.indrelid = noted.oid
      JOIN pg_class x ON x.oid = i.indexrelid
      WHERE NOT x.relname = ANY (noted.indexes)
        AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
      ORDER BY 1, 2
      """;

  private MadeByHand() {}

  /** The statements for the tables of a projection as they are. */
  static List<String> on(Connection connection, String projection) throws SQLException {
    List<String> statements = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(STATEMENTS)) {
      select.setString(1, projection);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          statements.add(row.getString(2));
        }
      }
    }
    return statements;
  }

  /** Runs them; what can't be made on the new tables is left out, and said. */
  static void again(Connection connection, Projection<?> projection, List<String> statements)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String each : statements) {
        String reason = "a unique index has to be made by the table script";
        if (!each.startsWith("CREATE UNIQUE INDEX")) {
          Savepoint before = connection.setSavepoint();
          try {
            statement.execute(each);
            connection.releaseSavepoint(before);
            continue;
          } catch (SQLException e) {
            connection.rollback(before);
            reason = String.valueOf(e.getMessage());
          }
        }
        log.warn(
            "Version {} of projection '{}' has new tables, on which this could not be made again:"
                + " {}; ({})",
            projection.version(),
            projection.name(),
            each,
            reason);
      }
    }
  }
}
