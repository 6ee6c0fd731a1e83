package dev.kintsugi.projections.rows;

import static java.util.stream.Collectors.joining;

import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.bulk.Names;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A flat table that rows are written to, declared once and kept in a constant.
 *
 * <pre>{@code
 * static final RowTable FILES = RowTable.named("files")
 *     .key("path", "text")
 *     .column("last_author", "text")
 *     .counter("changes")
 *     .greatest("last_change_at", "timestamptz")
 *     .index("last_author");
 * }</pre>
 *
 * <p>The type of a column is PostgreSQL's name: text, boolean, smallint, integer, bigint, numeric,
 * real, double precision, date, timestamp, timestamptz, uuid or jsonb. Immutable: each method
 * returns a new one.
 *
 * <p>Of columns whose rows many streams change, {@link #counter}, {@link #least} and {@link
 * #greatest} give the same rows whatever the order across streams is; {@link #column} does not.
 *
 * <p>The runtime makes the table with no constraint but its key. A projection's script can make it
 * with more (CHECK, NOT NULL, UNIQUE, foreign keys, triggers): its rows are then written in the
 * order of events, not as sets, so that each event is judged by what it changes itself. Such a
 * constraint judges a change by the row as it is then. Where several streams change the row, that
 * is the commit order inline and the journal's order in a rebuild.
 */
public final class RowTable {

  private static final int MOST_COLUMNS = 63;

  private final String name;
  private final List<Column> keyColumns;
  private final List<ValueColumn> valueColumns;
  private final List<List<String>> indexes;
  private final Map<String, Integer> places = new HashMap<>();

  /** A column that is not of the key. */
  record ValueColumn(Column column, Combine combine) {
    String ddl() {
      return column.ddl() + (combine == Combine.SUM ? " NOT NULL DEFAULT 0" : "");
    }

    /** How an UPDATE of {@code t} sets it, given a proposed row of this alias. */
    String assignment(String proposed) {
      return column.quoted() + " = " + combine.sql(column.quoted(), proposed);
    }
  }

  static {
    SharedSecrets.share(new RowsKind());
  }

  private RowTable(
      String name,
      List<Column> keyColumns,
      List<ValueColumn> valueColumns,
      List<List<String>> indexes) {
    this.name = name;
    this.keyColumns = keyColumns;
    this.valueColumns = valueColumns;
    this.indexes = indexes;
    for (int i = 0; i < valueColumns.size(); i++) {
      places.put(valueColumns.get(i).column().name(), i);
    }
  }

  /**
   * Begins the declaration of a table.
   *
   * @throws IllegalArgumentException if it is no plain lower-case name
   */
  public static RowTable named(String name) {
    return new RowTable(Names.checked(name, "a table"), List.of(), List.of(), List.of());
  }

  /** A column of the primary key; the values of all of them are given with each change of a row. */
  public RowTable key(String column, String type) {
    Column key = Column.of(column, type);
    if (!key.type().canBeKey()) {
      throw new IllegalArgumentException(
          "key column '%s' of table '%s' can't be of type %s, in which equal values have several texts"
              .formatted(column, name, type));
    }
    refuseKnown(column);
    return new RowTable(name, with(keyColumns, key), valueColumns, indexes);
  }

  /** A column that holds what the last event set it to; NULL until one does. */
  public RowTable column(String column, String type) {
    return with(Column.of(column, type), Combine.SET);
  }

  /** A count or sum, of type bigint, from 0. */
  public RowTable counter(String column) {
    return counter(column, "bigint");
  }

  /**
   * A count or sum from 0, of one of the exact types: smallint, integer, bigint or numeric. An
   * event fails whose sum is out of the type's range, also where a later one would bring it back.
   */
  public RowTable counter(String column, String type) {
    return with(Column.of(column, type), Combine.SUM);
  }

  /**
   * The smallest value so far, of an integral or numeric type or a time's; NULL until there is one.
   */
  public RowTable least(String column, String type) {
    return with(Column.of(column, type), Combine.LEAST);
  }

  /**
   * The largest value so far, of an integral or numeric type or a time's; NULL until there is one.
   */
  public RowTable greatest(String column, String type) {
    return with(Column.of(column, type), Combine.GREATEST);
  }

  /**
   * An index on some of its columns. In a rebuild it is dropped, and built after the bulk load. An
   * event is refused that sets one of them to more than 2,600 bytes, or to more than its share of
   * them: PostgreSQL's indexes take no longer values for certain.
   */
  public RowTable index(String... columns) {
    for (String column : columns) {
      if (!knows(column)) {
        throw new IllegalArgumentException(
            "table '%s' has no column '%s' to be indexed; declare it first"
                .formatted(name, column));
      }
    }
    return new RowTable(name, keyColumns, valueColumns, with(indexes, List.of(columns)));
  }

  private RowTable with(Column column, Combine combine) {
    if (combine.refuses(column.type())) {
      throw new IllegalArgumentException(
          "column '%s' of table '%s': %s of %s depends on the order of events or on a collation"
              .formatted(
                  column.name(),
                  name,
                  combine.name().toLowerCase(java.util.Locale.ROOT),
                  column.type().sql()));
    }
    refuseKnown(column.name());
    if (valueColumns.size() == MOST_COLUMNS) {
      throw new IllegalArgumentException(
          "table '%s' has %d columns beside its key already, and can't have more"
              .formatted(name, MOST_COLUMNS));
    }
    return new RowTable(
        name, keyColumns, with(valueColumns, new ValueColumn(column, combine)), indexes);
  }

  private static <T> List<T> with(List<T> list, T added) {
    List<T> longer = new ArrayList<>(list);
    longer.add(added);
    return List.copyOf(longer);
  }

  private void refuseKnown(String column) {
    if (knows(column)) {
      throw new IllegalArgumentException(
          "table '%s' has a column '%s' already".formatted(name, column));
    }
  }

  private boolean knows(String column) {
    return places.containsKey(column)
        || keyColumns.stream().anyMatch(key -> key.name().equals(column));
  }

  public String name() {
    return name;
  }

  List<Column> keyColumns() {
    return keyColumns;
  }

  List<ValueColumn> valueColumns() {
    return valueColumns;
  }

  /**
   * Some of the columns that are not of the key.
   *
   * @param named their places, as bits
   */
  List<ValueColumn> valueColumns(long named) {
    return IntStream.range(0, valueColumns.size())
        .filter(place -> (named & 1L << place) != 0)
        .mapToObj(valueColumns::get)
        .toList();
  }

  /**
   * The place of a column among {@link #valueColumns()}, if it combines values so.
   *
   * @throws IllegalArgumentException if it does not, or there is none
   */
  int place(String column, Combine combine) {
    Integer place = places.get(column);
    if (place == null) {
      throw new IllegalArgumentException(
          "table '%s' has no column '%s' beside its key; there are %s"
              .formatted(
                  name,
                  column,
                  valueColumns.stream().map(value -> value.column().name()).toList()));
    }
    Combine declared = valueColumns.get(place).combine();
    if (declared != combine) {
      throw new IllegalArgumentException(
          "column '%s' of table '%s' is declared for %s, and can't be changed by %s"
              .formatted(column, name, methodOf(declared), methodOf(combine)));
    }
    return place;
  }

  /** The place of one of the {@link #valueColumns()}. */
  int placeOf(Column column) {
    return Objects.requireNonNull(places.get(column.name()));
  }

  private static String methodOf(Combine combine) {
    return switch (combine) {
      case SET -> "set(…)";
      case SUM -> "increment(…)";
      case LEAST -> "least(…)";
      case GREATEST -> "greatest(…)";
    };
  }

  /** The table as the runtime holds it against the database. */
  DeclaredTable declared() {
    return new DeclaredTable(
        name,
        keyColumns,
        List.of(),
        columnsOf(Combine.SET),
        columnsOf(Combine.SUM),
        Stream.of(Combine.LEAST, Combine.GREATEST)
            .flatMap(combine -> columnsOf(combine).stream())
            .toList());
  }

  private List<Column> columnsOf(Combine combine) {
    return valueColumns.stream()
        .filter(value -> value.combine() == combine)
        .map(ValueColumn::column)
        .toList();
  }

  /** The indexes, as columns each. */
  List<List<String>> indexes() {
    return indexes;
  }

  /**
   * Its CREATE TABLE.
   *
   * @throws IllegalStateException if no key was declared
   */
  public String ddl() {
    if (keyColumns.isEmpty()) {
      throw new IllegalStateException("table '" + name + "' has no key(...)");
    }
    List<String> lines = new ArrayList<>();
    keyColumns.forEach(key -> lines.add(key.ddl() + " NOT NULL"));
    valueColumns.forEach(value -> lines.add(value.ddl()));
    lines.add(
        "PRIMARY KEY (%s)"
            .formatted(keyColumns.stream().map(Column::quoted).collect(joining(", "))));
    return "CREATE TABLE IF NOT EXISTS %s (\n  %s\n) WITH (fillfactor = 80);\n"
        .formatted(Names.quoted(name), String.join(",\n  ", lines));
  }

  @Override
  public String toString() {
    return "RowTable(" + name + ")";
  }
}
