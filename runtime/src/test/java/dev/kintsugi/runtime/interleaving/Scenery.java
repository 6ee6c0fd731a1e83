package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a scene, and the places of its projection's generations, as they were at the
 * beginning: so they are again before each run.
 */
final class Scenery {

  private static final String TABLES =
      """
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE (n.nspname = 'public' OR n.nspname LIKE 'kintsugi\\_%') AND NOT c.relispartition
        AND c.relkind IN ('r', 'p')
      """;

  private final World world;
  private final TestProjection log;
  private final List<String> places;

  /** What the view shows that readers use; null if they use the table itself. */
  private final @Nullable String view;

  private final String layout;
  private final Set<String> tables;

  /** Saves what there is. */
  Scenery(World world, TestProjection log) throws Exception {
    this.world = world;
    this.log = log;
    this.places = places();
    this.view =
        world.column(viewOf(log)).stream()
            .filter(shown -> !shown.isEmpty())
            .findFirst()
            .orElse(null);
    this.tables = new HashSet<>(world.column("SELECT c.relname " + TABLES));
    save();
    this.layout = world.column(layout(log)).get(0);
  }

  private static String viewOf(TestProjection log) {
    return "SELECT pg_get_viewdef(oid) FROM pg_class WHERE oid = to_regclass('public.%s') AND relkind = 'v'"
        .formatted(log.table());
  }

  private static String layout(TestProjection log) {
    return "SELECT concat((SELECT string_agg(n.nspname || '.' || c.relname, ' ' ORDER BY 1) %s), (%s))"
        .formatted(TABLES, viewOf(log));
  }

  private List<String> places() throws Exception {
    return world.column(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'kintsugi\\_%' ORDER BY 1");
  }

  /** All tables, by their names alone. */
  Set<String> tables() {
    return tables;
  }

  /** Those that generations have in places of their own. */
  Set<String> placed() {
    return places.isEmpty() ? Set.of() : Set.of(log.table());
  }

  /** Those with a column that a sequence fills. */
  Set<String> numbered() throws Exception {
    return new HashSet<>(
        world.column(
            "SELECT table_name FROM information_schema.columns"
                + " WHERE table_schema <> 'saved' AND column_default LIKE 'nextval%'"));
  }

  /** Saves the rows, and makes a function that brings them back; it keeps its plans. */
  private void save() throws Exception {
    StringBuilder restoring = new StringBuilder();
    List<String> all = world.column("SELECT n.nspname || '.' || c.relname " + TABLES);
    world.execute("CREATE SCHEMA saved");
    for (String table : all) {
      String copy = "saved." + table.replace('.', '_');
      world.execute("CREATE TABLE " + copy + " AS TABLE " + table);
      restoring.append("DELETE FROM ").append(table).append("; ");
      if (!world.column("SELECT 1 FROM " + copy + " LIMIT 1").isEmpty()) {
        restoring
            .append("INSERT INTO ")
            .append(table)
            .append(" OVERRIDING SYSTEM VALUE SELECT * FROM ")
            .append(copy)
            .append("; ");
      }
    }
    for (String sequence :
        world.column(
            "SELECT schemaname || '.' || sequencename || ''',' || coalesce(last_value, 1) || ','"
                + " || (last_value IS NOT NULL) FROM pg_sequences")) {
      restoring.append("PERFORM setval('").append(sequence).append("); ");
    }
    world.execute(
        "CREATE FUNCTION saved.restore() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
            + restoring
            + "END $$");
  }

  /** Brings everything back. */
  void restore(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement()) {
      if (!places.isEmpty() && !isLaidOut(statement)) {
        layOut(statement);
      }
      statement.execute("SELECT saved.restore()");
    }
  }

  private boolean isLaidOut(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery(layout(log))) {
      row.next();
      return row.getString(1).equals(layout);
    }
  }

  /** A run has moved tables, dropped some, or shown others to readers. */
  private void layOut(Statement statement) throws Exception {
    List<String> now = places();
    if (view == null && !world.column(viewOf(log)).isEmpty()) {
      statement.execute("DROP VIEW public." + log.table());
    }
    for (String place : now) {
      if (!places.contains(place)) {
        statement.execute(
            "ALTER TABLE %1$s.%2$s SET SCHEMA public; DROP SCHEMA %1$s"
                .formatted(place, log.table()));
      }
    }
    List<String> missing = new ArrayList<>(places);
    missing.removeAll(now);
    for (String place : missing) {
      world.makePlace(log, place);
    }
    if (view != null) {
      statement.execute("CREATE OR REPLACE VIEW public." + log.table() + " AS " + view);
    }
  }
}
