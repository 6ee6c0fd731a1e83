package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.internal.schema.Places.Relation;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A view by which readers see a table, or a view, of the generation that serves: under its name, in
 * the schema where the table itself would be. What people did to it stays, whichever generation it
 * shows.
 *
 * @param relation what has the name now
 * @param statements bring back owner, privileges and comments, once the name is a view
 */
record ServedView(Relation relation, List<String> statements) {

  private static final String REFUSAL = "kintsugi_refuse_write";

  private static final String STATEMENTS =
      """
      WITH it AS (
        SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, c.relowner, c.relacl
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ?)
      SELECT 1, format('ALTER VIEW %s OWNER TO %I', name, pg_get_userbyid(relowner))
      FROM it WHERE pg_get_userbyid(relowner) <> current_user
      UNION ALL
      SELECT 2, format('GRANT %s ON TABLE %s TO %s%s', g.privilege_type, name,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM it, aclexplode(relacl) AS g WHERE g.grantee <> relowner
        AND g.privilege_type NOT IN ('MAINTAIN')
      UNION ALL
      SELECT 3, format('GRANT %s (%I) ON TABLE %s TO %s%s', g.privilege_type, a.attname, name,
        CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
        CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM it JOIN pg_attribute a ON a.attrelid = it.oid AND NOT a.attisdropped, aclexplode(a.attacl) AS g
      UNION ALL
      SELECT 4, format('COMMENT ON VIEW %s IS %L', name, d.description)
      FROM it JOIN pg_description d ON d.objoid = it.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
      UNION ALL
      SELECT 5, format('COMMENT ON COLUMN %s.%I IS %L', name, a.attname, d.description)
      FROM it JOIN pg_attribute a ON a.attrelid = it.oid AND a.attnum > 0 AND NOT a.attisdropped
      JOIN pg_description d ON d.objoid = it.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
      ORDER BY 1, 2
      """;

  private static final String COLUMNS =
      """
      SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.attcollation::text
      FROM pg_attribute a WHERE a.attrelid = ? AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
      """;

  /** The view that shows a relation of a place: none other depends on it by a rule. */
  private static final String SHOWING =
      """
      SELECT DISTINCT v.oid, quote_ident(n.nspname), quote_ident(v.relname), v.relkind::text, v.relname
      FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
      JOIN pg_namespace n ON n.oid = v.relnamespace
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ? AND v.relname = ? AND v.oid <> d.refobjid
        AND quote_ident(n.nspname) <> ?
      """;

  private static final String OF_NAME =
      """
      SELECT c.oid, quote_ident(n.nspname), quote_ident(c.relname), c.relkind::text, c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(?)
      """;

  private static final String IS_REFUSING =
      "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(?) AND tgname = ?)";

  /** What has the name now, and what people did to it. */
  static ServedView read(Connection connection, Relation relation) throws SQLException {
    return new ServedView(relation, statementsOf(connection, relation));
  }

  private static List<String> statementsOf(Connection connection, Relation relation)
      throws SQLException {
    List<String> statements = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(STATEMENTS)) {
      select.setLong(1, relation.oid());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          statements.add(row.getString(2));
        }
      }
    }
    return statements;
  }

  /** Makes the view, whose name has just become free, of the relation that is in a place now. */
  void create(Connection connection, String place) throws SQLException {
    List<String> columns = columns(connection, relation.oid()).stream().map(Column::name).toList();
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE VIEW %s AS SELECT %s FROM %s.%s"
              .formatted(relation.qualified(), String.join(", ", columns), place, relation.name()));
      for (String each : statements) {
        statement.execute(each);
      }
    }
  }

  private record Column(String name, String type, String collation) {}

  private static List<Column> columns(Connection connection, long oid) throws SQLException {
    List<Column> columns = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(COLUMNS)) {
      select.setLong(1, oid);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.add(new Column(row.getString(1), row.getString(2), row.getString(3)));
        }
      }
    }
    return columns;
  }

  /** The view that readers use for a relation of a place, if it shows that one. */
  static Optional<Relation> find(Connection connection, Relation shown) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(SHOWING)) {
      select.setLong(1, shown.oid());
      select.setString(2, shown.unquoted());
      select.setString(3, shown.schema());
      return Places.relations(select).stream().findFirst();
    }
  }

  /** Makes the view of a relation of a place, as one of those that were dropped if it was one. */
  static void show(Connection connection, Relation next, List<ServedView> dropped)
      throws SQLException {
    Optional<ServedView> before =
        dropped.stream().filter(view -> view.relation().name().equals(next.name())).findFirst();
    if (before.isEmpty()) {
      refuseTaken(connection, next);
    }
    List<Column> columns = columns(connection, next.oid());
    String name = before.map(view -> view.relation().qualified()).orElse(next.name());
    execute(connection, "CREATE VIEW " + name + selectFrom(next, columns));
    if (before.isPresent()) {
      again(connection, before.get().statements(), columns);
    }
    refuseWrites(connection, name);
  }

  private static String selectFrom(Relation next, List<Column> columns) {
    return " AS SELECT %s FROM %s"
        .formatted(
            String.join(", ", columns.stream().map(Column::name).toList()), next.qualified());
  }

  /** What people did to a view that was dropped, but for columns that it has no more. */
  private static void again(Connection connection, List<String> byPeople, List<Column> columns)
      throws SQLException {
    for (String each : byPeople) {
      if (!isOfAnyColumn(each) || columns.stream().anyMatch(column -> isOfColumn(each, column))) {
        execute(connection, each);
      }
    }
  }

  /**
   * Has the view of its name show a relation of a place; makes it where there is none.
   *
   * @param older the place that the view has shown so far
   * @throws SchemaException if something else has the name
   */
  static void point(Connection connection, Relation next, String older) throws SQLException {
    Optional<Relation> shown =
        Places.in(connection, older).stream()
            .filter(each -> each.name().equals(next.name()))
            .findFirst();
    Optional<Relation> view = shown.isPresent() ? find(connection, shown.get()) : Optional.empty();
    List<Column> columns = columns(connection, next.oid());
    String select = selectFrom(next, columns);
    if (view.isEmpty()) {
      refuseTaken(connection, next);
      execute(connection, "CREATE VIEW " + next.name() + select);
      refuseWrites(connection, next.name());
      return;
    }
    String name = view.get().qualified();
    List<Column> before = columns(connection, view.get().oid());
    if (before.size() <= columns.size() && before.equals(columns.subList(0, before.size()))) {
      execute(connection, "CREATE OR REPLACE VIEW " + name + select);
    } else if (!DependentViews.of(connection, List.of(view.get())).isEmpty()
        && mayBePadded(before, columns)) {
      execute(
          connection, "CREATE OR REPLACE VIEW " + name + padded(before, columns, next.qualified()));
    } else {
      List<String> byPeople = statementsOf(connection, view.get());
      execute(connection, "DROP VIEW " + name);
      execute(connection, "CREATE VIEW " + name + select);
      again(connection, byPeople, columns);
    }
    refuseWrites(connection, name);
  }

  /** Whether all columns of before that are left are as they were. */
  private static boolean mayBePadded(List<Column> before, List<Column> columns) {
    return before.stream()
        .allMatch(
            column ->
                columns.contains(column)
                    || columns.stream().noneMatch(each -> each.name().equals(column.name())));
  }

  /**
   * Where views of others depend on it, it can't be made anew: columns that the generation lacks
   * are NULL, and those that are new come last.
   */
  private static String padded(List<Column> before, List<Column> columns, String from) {
    List<String> all = new ArrayList<>();
    for (Column column : before) {
      all.add(
          columns.contains(column)
              ? column.name()
              : "NULL::%s AS %s".formatted(column.type(), column.name()));
    }
    for (Column column : columns) {
      if (!before.contains(column)) {
        all.add(column.name());
      }
    }
    return " AS SELECT %s FROM %s".formatted(String.join(", ", all), from);
  }

  private static boolean isOfAnyColumn(String statement) {
    return statement.startsWith("COMMENT ON COLUMN") || statement.matches("GRANT \\w+ \\(.*");
  }

  private static boolean isOfColumn(String statement, Column column) {
    return statement.startsWith("COMMENT ON COLUMN")
        ? statement.contains("." + column.name() + " IS ")
        : statement.matches(
            "GRANT \\w+ \\(" + java.util.regex.Pattern.quote(column.name()) + "\\).*");
  }

  private static void refuseTaken(Connection connection, Relation next) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(OF_NAME)) {
      select.setString(1, next.name());
      Optional<Relation> taken = Places.relations(select).stream().findFirst();
      if (taken.isPresent()) {
        throw new SchemaException(
            "the generation that is to serve has a table %s, and %s is another's. Rename or drop that; the swap is tried again by itself."
                .formatted(next.name(), taken.get().qualified()));
      }
    }
  }

  /** Keeps everybody from writing to a view; what the database would make of it may be wrong. */
  static void refuseWrites(Connection connection, String view) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(IS_REFUSING)) {
      select.setString(1, view);
      select.setString(2, REFUSAL);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        if (row.getBoolean(1)) {
          return;
        }
      }
    }
    execute(
        connection,
        "CREATE TRIGGER %1$s INSTEAD OF INSERT OR UPDATE OR DELETE ON %2$s FOR EACH ROW EXECUTE FUNCTION %1$s()"
            .formatted(REFUSAL, view));
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
