package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a projection's script in a schema that never comes to be: what it makes there with
 * unqualified names is the read model, all that a rebuild may empty. It runs twice, as it will when
 * the version is raised.
 */
final class ScriptProbe {

  private static final Logger log = LoggerFactory.getLogger(ScriptProbe.class);

  private static final String MAY_CREATE =
      """
      SELECT has_database_privilege(current_database(), 'CREATE'),
        has_database_privilege(current_database(), 'TEMPORARY'),
        quote_ident(current_user), quote_ident(current_database())
      """;

  /** Names of the schema's relations, the newest first. */
  private static final String MADE =
      """
      SELECT quote_ident(relname) FROM pg_class
      WHERE relnamespace = %s AND relkind IN (%s) AND NOT relispartition ORDER BY oid DESC
      """;

  /** What stays where tables and views are dropped. */
  private static final String OTHERS =
      """
      SELECT t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
      WHERE t.typnamespace = %1$s AND t.typelem = 0 AND (t.typrelid = 0 OR c.relkind = 'c')
      UNION SELECT proname FROM pg_proc WHERE pronamespace = %1$s
      UNION SELECT relname FROM pg_class s WHERE relnamespace = %1$s AND relkind = 'S'
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
          AND d.objid = s.oid AND d.deptype IN ('a', 'i'))
      ORDER BY 1
      """;

  private static final String TABLE_KINDS = "'r', 'p'";
  private static final String VIEW_KINDS = "'v', 'm'";

  private static final String TABLES_ELSEWHERE =
      """
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND NOT c.relispartition
        AND n.nspname <> 'kintsugi_probe'
      ORDER BY 1
      """;

  private final Statement statement;
  private final Projection<?> projection;

  /** The schema's oid, as SQL. */
  private final String schema;

  /** What to say of a script that fails; empty if it has a schema of its own. */
  private final String hint;

  private ScriptProbe(Statement statement, Projection<?> projection, String schema, String hint) {
    this.statement = statement;
    this.projection = projection;
    this.schema = schema;
    this.hint = hint;
  }

  /** See {@link ReadModels#probe}. */
  static ReadModel of(Connection connection, Projection<?> projection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // What others make meanwhile is not to be taken for the script's.
      statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      return in(statement, projection).readModel(connection);
    }
  }

  /** In a schema of its own; where the user may make none, among the session's temporary tables. */
  private static ScriptProbe in(Statement statement, Projection<?> projection) throws SQLException {
    try (ResultSet row = statement.executeQuery(MAY_CREATE)) {
      row.next();
      if (row.getBoolean(1)) {
        statement.execute("CREATE SCHEMA kintsugi_probe");
        setPath(statement, "kintsugi_probe");
        return new ScriptProbe(statement, projection, "'kintsugi_probe'::regnamespace", "");
      }
      String user = row.getString(3);
      String database = row.getString(4);
      if (!row.getBoolean(2)) {
        throw new SchemaException(
            "The user %s may make neither a schema nor temporary tables in the database %s, so it can't be found out what the table script of projection '%s' makes. GRANT TEMPORARY ON DATABASE %2$s TO %1$s."
                .formatted(user, database, projection.name()));
      }
      setPath(statement, "pg_temp");
      return new ScriptProbe(
          statement,
          projection,
          "pg_my_temp_schema()",
          " (It ran with temporary tables, as the user %1$s may make no schema in the database %2$s; a script that needs more, such as functions for triggers, needs GRANT CREATE ON DATABASE %2$s TO %1$s.)"
              .formatted(user, database));
    }
  }

  private static void setPath(Statement statement, String schema) throws SQLException {
    statement.execute(
        "SELECT set_config('search_path', '%s, ' || current_setting('search_path'), TRUE)"
            .formatted(schema));
  }

  private ReadModel readModel(Connection connection) throws SQLException {
    Set<String> before = new HashSet<>(names(statement, TABLES_ELSEWHERE));
    Set<String> temporary = new HashSet<>(made(TABLE_KINDS));
    run(connection);
    List<String> elsewhere = names(statement, TABLES_ELSEWHERE);
    elsewhere.removeAll(before);
    refuseElsewhere(projection, elsewhere);
    List<String> tables = made(TABLE_KINDS);
    tables.removeAll(temporary);
    Collections.sort(tables);
    if (tables.isEmpty()) {
      throw new SchemaException(
          "the table script %s of projection '%s' makes no table by an unqualified name"
              .formatted(projection.tables().source(), projection.name()));
    }
    refuseOwn(projection, tables);
    refuseSeeds(statement, projection, tables);
    List<MadeTable> made = MadeTable.read(connection, tables);
    MadeAsDeclared declared = new MadeAsDeclared(projection, made);
    declared.refuseUnfit();
    declared.refuseUnassignable(connection);
    List<String> views = made(VIEW_KINDS);
    List<String> others = names(statement, OTHERS.formatted(schema));
    return new ReadModel(
        SharedSecrets.written(projection, declared.judge().writing()),
        tables,
        views,
        canRunAgain(connection, tables, views) ? List.of() : others,
        made);
  }

  private void run(Connection connection) throws SQLException {
    try {
      ReadModels.run(connection, projection);
    } catch (SchemaException e) {
      throw hint.isEmpty() ? e : new SchemaException(e.getMessage() + hint, e);
    }
  }

  /** As the rebuild of the next version will: what the script makes besides is still there then. */
  private boolean canRunAgain(Connection connection, List<String> tables, List<String> views)
      throws SQLException {
    try {
      ReadModels.dropViews(connection, views);
      statement.execute("DROP TABLE " + String.join(", ", tables));
      statement.execute(projection.tables().ddl());
      return true;
    } catch (SQLException e) {
      if (SqlStates.isDatabaseAtFault(e)) {
        throw e;
      }
      log.warn(
          "The table script {} of projection '{}' can't run a second time, after its tables and"
              + " views were dropped: {}. So a raised version could not be built. Let it make"
              + " types, sequences, functions and the like IF NOT EXISTS or OR REPLACE, or"
              + " elsewhere.",
          projection.tables().source(),
          projection.name(),
          e.getMessage());
      return false;
    }
  }

  private List<String> made(String kinds) throws SQLException {
    return names(statement, MADE.formatted(schema, kinds));
  }

  private static List<String> names(Statement statement, String sql) throws SQLException {
    List<String> names = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        names.add(row.getString(1));
      }
    }
    return names;
  }

  private static void refuseElsewhere(Projection<?> projection, List<String> elsewhere) {
    if (!elsewhere.isEmpty()) {
      throw new SchemaException(
          "the table script %s of projection '%s' makes %s by a qualified name. A rebuild would not empty it, and apply events to the rows that it holds: give it an unqualified name."
              .formatted(
                  projection.tables().source(), projection.name(), String.join(", ", elsewhere)));
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

  /** What a script inserts is emptied by the first build, before any event. */
  private static void refuseSeeds(
      Statement statement, Projection<?> projection, List<String> tables) throws SQLException {
    for (String table : tables) {
      try (ResultSet row = statement.executeQuery("SELECT EXISTS (SELECT 1 FROM " + table + ")")) {
        row.next();
        if (row.getBoolean(1)) {
          throw new SchemaException(
              "the table script %s of projection '%s' inserts rows into %s, which each build would empty. Let events make them, or keep them in a table that is no projection's."
                  .formatted(projection.tables().source(), projection.name(), table));
        }
      }
    }
  }
}
