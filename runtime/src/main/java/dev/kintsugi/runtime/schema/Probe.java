package dev.kintsugi.runtime.schema;

import dev.kintsugi.projections.Projection;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Runs a projection's script in a schema that never comes to be: what it makes there with
 * unqualified names is the read model, all that a rebuild may empty.
 */
final class Probe {

  private static final String TABLES_OF_PROBE =
      """
      SELECT quote_ident(relname) FROM pg_class
      WHERE relnamespace = 'kintsugi_probe'::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition
      ORDER BY relname
      """;

  private static final String TABLES_ELSEWHERE =
      """
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND NOT c.relispartition
        AND n.nspname <> 'kintsugi_probe'
      ORDER BY 1
      """;

  private Probe() {}

  /** See {@link ReadModels#probe}. */
  static ReadModel of(Connection connection, Projection<?> projection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // What others make meanwhile is not to be taken for the script's.
      statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      Set<String> before = new HashSet<>(names(statement, TABLES_ELSEWHERE));
      statement.execute("CREATE SCHEMA kintsugi_probe");
      statement.execute(
          "SELECT set_config('search_path', 'kintsugi_probe, ' || current_setting('search_path'), TRUE)");
      ReadModels.run(connection, projection);
      List<String> elsewhere = names(statement, TABLES_ELSEWHERE);
      elsewhere.removeAll(before);
      refuseElsewhere(projection, elsewhere);
      List<String> tables = names(statement, TABLES_OF_PROBE);
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
      MadeAsDeclared.Judgement judgement = declared.judge();
      return new ReadModel(projection.written(judgement.writing()), tables, made);
    }
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
