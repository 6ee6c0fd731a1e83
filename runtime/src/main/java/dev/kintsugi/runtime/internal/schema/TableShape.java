package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the database's catalog says of a table: its columns, and whether rows are unique in some of
 * them. Names are quoted, as everywhere.
 */
final class TableShape {

  private static final String COLUMNS =
      """
      SELECT quote_ident(a.attname), '"' || replace(a.attname, '"', '""') || '"', a.attnotnull,
        a.atthasdef OR a.attidentity <> '',
        format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, NULL)
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum
      """;

  private static final String UNIQUE =
      """
      SELECT '"' || replace(a.attname, '"', '""') || '"', i.indexrelid FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid
        AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
      WHERE i.indrelid = to_regclass(?) AND i.indisunique AND i.indimmediate AND i.indisvalid
        AND i.indpred IS NULL AND i.indexprs IS NULL
      """;

  /** A column as it is. */
  private record Column(String forPeople, String type, boolean notNull, boolean hasDefault) {
    String describe() {
      return forPeople + " " + type + (notNull ? " NOT NULL" : "");
    }
  }

  /**
   * A column as it must be.
   *
   * @param name quoted
   * @param types any of these will do; the first is named
   * @param filled whether an insert brings a value for it; if not, it must have a default
   */
  record Expected(String name, List<String> types, boolean filled) {
    static Expected text(String name) {
      return new Expected(name, List.of("character varying", "text"), true);
    }

    static Expected of(String type, String name) {
      return new Expected(name, List.of(type), true);
    }

    Expected byDefault() {
      return new Expected(name, types, false);
    }

    private String describe() {
      return name.substring(1, name.length() - 1).replace("\"\"", "\"") + " " + types.get(0);
    }
  }

  private final String table;
  private final Map<String, Column> columns;
  private final List<Set<String>> uniqueKeys;

  private TableShape(String table, Map<String, Column> columns, List<Set<String>> uniqueKeys) {
    this.table = table;
    this.columns = columns;
    this.uniqueKeys = uniqueKeys;
  }

  /** The shape of a table that is there. */
  static TableShape read(Connection connection, String table) throws SQLException {
    Map<String, Column> columns = new LinkedHashMap<>();
    Map<Long, Set<String>> keys = new LinkedHashMap<>();
    try (PreparedStatement select = connection.prepareStatement(COLUMNS)) {
      select.setString(1, table);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          columns.put(
              row.getString(2),
              new Column(row.getString(1), row.getString(5), row.getBoolean(3), row.getBoolean(4)));
        }
      }
    }
    try (PreparedStatement select = connection.prepareStatement(UNIQUE)) {
      select.setString(1, table);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          keys.computeIfAbsent(row.getLong(2), index -> new HashSet<>()).add(row.getString(1));
        }
      }
    }
    return new TableShape(table, columns, new ArrayList<>(keys.values()));
  }

  boolean has(String... names) {
    return columns.keySet().containsAll(List.of(names));
  }

  /** Whether every row has a value in each of these. */
  boolean isNotNull(String... names) {
    return List.of(names).stream()
        .allMatch(
            name -> Optional.ofNullable(columns.get(name)).filter(Column::notNull).isPresent());
  }

  /** Whether no two rows can be equal in these columns, at the end of each statement. */
  boolean isUnique(String... names) {
    return uniqueKeys.contains(Set.of(names));
  }

  /**
   * What is wrong with the table if these columns are filled by an insert, and nothing else is; a
   * phrase each, empty if nothing is.
   */
  List<String> faults(List<Expected> expected) {
    List<String> faults = new ArrayList<>();
    Map<String, Column> others = new LinkedHashMap<>(columns);
    for (Expected each : expected) {
      Column found = others.remove(each.name());
      if (found == null) {
        faults.add("it lacks the column " + each.describe());
      } else if (!each.types().contains(found.type())) {
        faults.add("%s is expected to be %s".formatted(found.describe(), each.types().get(0)));
      } else if (!each.filled() && !found.hasDefault()) {
        faults.add(found.describe() + " has no default");
      }
    }
    others.values().stream()
        .filter(column -> column.notNull() && !column.hasDefault())
        .forEach(
            column ->
                faults.add(
                    column.describe()
                        + " has no default, and nobody would know what to write there"));
    return faults;
  }

  /** The refusal of a table, with what was found, what was expected, and what to do. */
  SchemaException unknownLayout(
      String what, List<String> faults, List<Expected> expected, String advice) {
    return new SchemaException(
        "The table %s is not laid out as %s: %s. Found: %s. Expected: %s. %s"
            .formatted(
                table,
                what,
                String.join("; ", faults),
                columns.values().stream().map(Column::describe).collect(Collectors.joining(", ")),
                expected.stream().map(Expected::describe).collect(Collectors.joining(", ")),
                advice));
  }
}
