package dev.kintsugi.runtime.internal.compare;

import static java.util.stream.Collectors.joining;

import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.RowChange;
import dev.kintsugi.runtime.status.TableChange;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Compares all tables of two generations, row by row, in the caller's transaction: on REPEATABLE
 * READ, so that both are of one snapshot. The server does the work, in two statements for a table,
 * and brings no more here than numbers and some examples. Values are the same if their texts are.
 */
public final class PlaceComparison {

  /** Of a table where much differs, how many rows are shown. */
  private static final int EXAMPLES = 20;

  private static final int LONGEST = 4_000;

  /** Whatever the session has set: the same value has the same text. */
  private static final String SAME_TEXTS =
      "SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'";

  private static final String TABLES =
      """
      SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      """;

  private static final String OF_NAMES =
      """
      SELECT n.nspname, c.relname FROM unnest(?::text[]) AS t
      JOIN pg_class c ON c.oid = to_regclass(t) JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p')
      """;

  private static final String COLUMNS =
      """
      SELECT a.attname, format_type(a.atttypid, a.atttypmod), EXISTS (
        SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey))
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
      """;

  private final Connection connection;

  private PlaceComparison(Connection connection) {
    this.connection = connection;
  }

  /** A table by its schema and name, neither of them quoted. */
  private record Table(String schema, String name) {
    String sql() {
      return quoted(schema) + "." + quoted(name);
    }
  }

  private record Column(String name, String type, boolean isKey) {
    String sql() {
      return quoted(name);
    }
  }

  /**
   * Compares two generations.
   *
   * @param olderTables the names of the older one's tables, quoted where they need it, if it has no
   *     place
   * @param olderPlace its place, if it has one
   * @param newerPlace the place of the newer one
   */
  public static Comparison of(
      Connection connection,
      List<String> olderTables,
      @Nullable String olderPlace,
      String newerPlace)
      throws SQLException {
    PlaceComparison comparison = new PlaceComparison(connection);
    try (Statement statement = connection.createStatement()) {
      statement.execute(SAME_TEXTS);
    }
    Map<String, Table> older =
        olderPlace == null ? comparison.named(olderTables) : comparison.in(olderPlace);
    Map<String, Table> newer = comparison.in(newerPlace);
    TreeSet<String> names = new TreeSet<>(older.keySet());
    names.addAll(newer.keySet());
    List<TableChange> changes = new ArrayList<>();
    for (String name : names) {
      Table before = older.get(name);
      Table after = newer.get(name);
      if (before != null && after != null) {
        changes.add(comparison.compare(name, before, after));
      } else if (before != null) {
        changes.add(only(name, comparison.count(before), true));
      } else if (after != null) {
        changes.add(only(name, comparison.count(after), false));
      }
    }
    return new Comparison(changes);
  }

  private static TableChange only(String name, long rows, boolean isOlder) {
    return new TableChange(
        name,
        false,
        0,
        0,
        isOlder ? rows : 0,
        isOlder ? 0 : rows,
        Map.of(),
        List.of(),
        List.of(),
        isOlder,
        !isOlder,
        List.of());
  }

  private Map<String, Table> in(String place) throws SQLException {
    Map<String, Table> tables = new LinkedHashMap<>();
    try (PreparedStatement select = connection.prepareStatement(TABLES)) {
      select.setString(1, place);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          tables.put(row.getString(1), new Table(place, row.getString(1)));
        }
      }
    }
    return tables;
  }

  private Map<String, Table> named(List<String> names) throws SQLException {
    Map<String, Table> tables = new LinkedHashMap<>();
    try (PreparedStatement select = connection.prepareStatement(OF_NAMES)) {
      select.setArray(1, connection.createArrayOf("text", names.toArray()));
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          tables.put(row.getString(2), new Table(row.getString(1), row.getString(2)));
        }
      }
    }
    return tables;
  }

  private long count(Table table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) FROM " + table.sql())) {
      row.next();
      return row.getLong(1);
    }
  }

  private List<Column> columns(Table table) throws SQLException {
    List<Column> columns = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(COLUMNS)) {
      select.setString(1, table.schema());
      select.setString(2, table.name());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.add(new Column(row.getString(1), row.getString(2), row.getBoolean(3)));
        }
      }
    }
    return columns;
  }

  private TableChange compare(String name, Table older, Table newer) throws SQLException {
    List<Column> before = columns(older);
    List<Column> after = columns(newer);
    List<Column> both = before.stream().filter(after::contains).toList();
    List<Column> key = both.stream().filter(Column::isKey).toList();
    boolean isByKey =
        !key.isEmpty()
            && key.size() == before.stream().filter(Column::isKey).count()
            && key.size() == after.stream().filter(Column::isKey).count();
    List<Column> common = isByKey ? both : alike(before, after);
    Sources sources = isByKey ? byKey(older, newer, key) : asBags(older, newer, common);
    List<Column> values = isByKey ? common.stream().filter(c -> !c.isKey()).toList() : List.of();
    String differs =
        values.isEmpty()
            ? "FALSE"
            : values.stream().map(PlaceComparison::differs).collect(joining(" OR ", "(", ")"));
    long[] counts = new long[4];
    Map<String, Long> byColumn = new LinkedHashMap<>();
    String weight = sources.weight();
    StringBuilder sql =
        new StringBuilder(
            """
            SELECT COALESCE(sum(%1$s) FILTER (WHERE o.there AND n.there AND NOT %2$s), 0),
              count(*) FILTER (WHERE o.there AND n.there AND %2$s),
              COALESCE(sum(%3$s) FILTER (WHERE %3$s > 0), 0), COALESCE(sum(%4$s) FILTER (WHERE %4$s > 0), 0)
            """
                .formatted(weight, differs, sources.onlyOlder(), sources.onlyNewer()));
    for (Column value : values) {
      sql.append(", count(*) FILTER (WHERE o.there AND n.there AND ")
          .append(differs(value))
          .append(")");
    }
    sql.append(sources.from());
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql.toString())) {
      row.next();
      for (int i = 0; i < counts.length; i++) {
        counts[i] = row.getLong(i + 1);
      }
      for (int i = 0; i < values.size(); i++) {
        long rows = row.getLong(counts.length + i + 1);
        if (rows > 0) {
          byColumn.put(values.get(i).name(), rows);
        }
      }
    }
    boolean isDifferent = counts[1] + counts[2] + counts[3] > 0;
    return new TableChange(
        name,
        isByKey,
        counts[0],
        counts[1],
        counts[2],
        counts[3],
        byColumn,
        without(before, common),
        without(after, common),
        false,
        false,
        isDifferent ? examples(sources, differs) : List.of());
  }

  /** Columns of the same name and type, whichever of them a key has. */
  private static List<Column> alike(List<Column> before, List<Column> after) {
    return before.stream()
        .filter(
            column ->
                after.stream()
                    .anyMatch(
                        other ->
                            other.name().equals(column.name())
                                && other.type().equals(column.type())))
        .toList();
  }

  private static List<String> without(List<Column> columns, List<Column> common) {
    return columns.stream()
        .map(Column::name)
        .filter(name -> common.stream().noneMatch(each -> each.name().equals(name)))
        .toList();
  }

  private static String differs(Column column) {
    return "(o.it).%1$s::text COLLATE \"C\" IS DISTINCT FROM (n.it).%1$s::text COLLATE \"C\""
        .formatted(column.sql());
  }

  /**
   * What both sides are joined from. Each side has "it", the row, and "there".
   *
   * @param weight how many rows a pair stands for
   * @param onlyOlder how many of the older one's rows have no other side
   */
  private record Sources(
      String from, String weight, String onlyOlder, String onlyNewer, String key) {}

  private static Sources byKey(Table older, Table newer, List<Column> key) {
    String on =
        key.stream().map(k -> "o.%1$s = n.%1$s".formatted(k.sql())).collect(joining(" AND "));
    String side = "(SELECT TRUE AS there, t AS it, %s FROM %s AS t)";
    String keys = key.stream().map(k -> "t." + k.sql()).collect(joining(", "));
    String from =
        " FROM %s AS o FULL JOIN %s AS n ON %s"
            .formatted(side.formatted(keys, older.sql()), side.formatted(keys, newer.sql()), on);
    String shown =
        "jsonb_build_array("
            + key.stream()
                .map(k -> "COALESCE(o.%1$s, n.%1$s)".formatted(k.sql()))
                .collect(joining(", "))
            + ")::text";
    return new Sources(
        from,
        "1",
        "CASE WHEN n.there IS NULL THEN 1 ELSE 0 END",
        "CASE WHEN o.there IS NULL THEN 1 ELSE 0 END",
        shown);
  }

  private static Sources asBags(Table older, Table newer, List<Column> columns) {
    String list =
        columns.isEmpty()
            ? "NULL"
            : columns.stream().map(c -> "t." + c.sql()).collect(joining(", "));
    String side =
        "(SELECT TRUE AS there, ROW(%1$s)::text COLLATE \"C\" AS it, count(*) AS rows, min(to_jsonb(t)::text) AS shown FROM %2$s AS t GROUP BY 2)";
    String from =
        " FROM %s AS o FULL JOIN %s AS n ON o.it = n.it"
            .formatted(side.formatted(list, older.sql()), side.formatted(list, newer.sql()));
    return new Sources(
        from,
        "LEAST(o.rows, n.rows)",
        "(COALESCE(o.rows, 0) - LEAST(COALESCE(o.rows, 0), COALESCE(n.rows, 0)))",
        "(COALESCE(n.rows, 0) - LEAST(COALESCE(o.rows, 0), COALESCE(n.rows, 0)))",
        "COALESCE(o.it, n.it)");
  }

  private List<RowChange> examples(Sources sources, String differs) throws SQLException {
    boolean isByKey = sources.weight().equals("1");
    String shown = isByKey ? "left(to_jsonb(%s.it)::text, %d)" : "left(%s.shown, %d)";
    String sql =
        "SELECT left(%s, %d), %s, %s, o.there IS NULL, n.there IS NULL %s WHERE %s > 0 OR %s > 0 OR %s LIMIT %d"
            .formatted(
                sources.key(),
                LONGEST,
                shown.formatted("o", LONGEST),
                shown.formatted("n", LONGEST),
                sources.from(),
                sources.onlyOlder(),
                sources.onlyNewer(),
                differs,
                EXAMPLES);
    List<RowChange> examples = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        examples.add(
            new RowChange(
                row.getString(1),
                row.getBoolean(4) ? Optional.empty() : Optional.of(row.getString(2)),
                row.getBoolean(5) ? Optional.empty() : Optional.of(row.getString(3))));
      }
    }
    return examples;
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}
