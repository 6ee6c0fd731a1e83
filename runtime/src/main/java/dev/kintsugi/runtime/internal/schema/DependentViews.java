package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.internal.schema.Places.Relation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Views that people made over tables of a read model. A view depends on what it names and not on
 * the name: where the name is given to another relation, it has to be said again.
 */
final class DependentViews {

  private static final String DEFINITIONS =
      """
      SELECT DISTINCT v.oid, format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, v.relname,
        COALESCE(' WITH (' || array_to_string(v.reloptions, ', ') || ')', ''), pg_get_viewdef(v.oid))
      FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
      JOIN pg_namespace n ON n.oid = v.relnamespace
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (?) AND d.deptype = 'n'
        AND v.oid <> ALL (?)
      ORDER BY v.oid
      """;

  private DependentViews() {}

  /**
   * Statements that say them again, by the names that these relations have now, each with its
   * schema.
   */
  static List<String> of(Connection connection, List<Relation> relations) throws SQLException {
    List<String> statements = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        PreparedStatement select = connection.prepareStatement(DEFINITIONS)) {
      String path;
      try (ResultSet row = statement.executeQuery("SELECT current_setting('search_path')")) {
        row.next();
        path = row.getString(1);
      }
      // Without a path every name is written with its schema.
      statement.execute("SELECT set_config('search_path', '', TRUE)");
      Object[] oids = relations.stream().map(Relation::oid).toArray();
      select.setArray(1, connection.createArrayOf("oid", oids));
      select.setArray(2, connection.createArrayOf("oid", oids));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          statements.add(row.getString(2));
        }
      }
      try (PreparedStatement back =
          connection.prepareStatement("SELECT set_config('search_path', ?, TRUE)")) {
        back.setString(1, path);
        back.execute();
      }
    }
    return statements;
  }
}
