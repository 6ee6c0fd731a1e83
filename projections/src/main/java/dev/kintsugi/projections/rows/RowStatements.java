package dev.kintsugi.projections.rows;

import static java.util.stream.Collectors.joining;

import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.ColumnType;
import dev.kintsugi.projections.internal.bulk.RowSet;
import dev.kintsugi.projections.rows.RowTable.ValueColumn;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The statements that write rows of one table that name the same columns.
 *
 * <p>Of a counter the database sees the sum of what many events add. One by one it would also see
 * each number on the way, and refuse one that is out of its type's range. Where these are not
 * between the first and the last number, the highest and the lowest are added up, too, from what
 * the row really came to: the statement returns it, so the row is locked, and no other transaction
 * comes between. Mostly it is seen at once that no counter of the group can have been out of range
 * ({@link CounterReach}); else the database adds up each.
 */
final class RowStatements {

  private static final String UP = "__up_";
  private static final String DOWN = "__down_";

  private final @Nullable String place;
  private final RowTable table;
  private final RowSet keys;
  private final RowSet rows;
  private final List<ValueColumn> values;
  private final List<Integer> counters;

  /**
   * Of rows that name these columns, as bits.
   *
   * @param place the schema that has the table; null where the session finds it
   */
  RowStatements(@Nullable String place, RowTable table, long named) {
    this.place = place;
    this.table = table;
    this.keys = new RowSet(place, table.name(), table.keyColumns());
    this.values = table.valueColumns(named);
    this.rows =
        new RowSet(
            place,
            table.name(),
            Stream.concat(table.keyColumns().stream(), values.stream().map(ValueColumn::column))
                .toList());
    this.counters =
        IntStream.range(0, table.valueColumns().size())
            .filter(column -> (named & 1L << column) != 0)
            .filter(column -> table.valueColumns().get(column).combine() == Combine.SUM)
            .boxed()
            .toList();
  }

  /** Copies rows into the empty table. */
  void copy(Connection connection, List<PendingRow> pending) throws SQLException, IOException {
    rows.copy(connection, pending, PendingRow::texts);
  }

  void upsert(Connection connection, List<PendingRow> pending) throws SQLException {
    String upsert = upsert(rows.asTable());
    List<@Nullable String[]> texts = pending.stream().map(PendingRow::texts).toList();
    List<PendingRow> wandered = pending.stream().filter(PendingRow::hasWandered).toList();
    if (wandered.isEmpty()) {
      rows.insert(connection, upsert, texts);
      return;
    }
    CounterReach reach = new CounterReach(counterTypes());
    rows.insert(
        connection,
        upsert + " RETURNING " + counters().map(Column::quoted).collect(joining(", ")),
        texts,
        reach::sawRow);
    if (!reach.covers(wandered, counters)) {
      haveChecked(connection, wandered);
    }
  }

  private String upsert(String source) {
    String changes =
        values.stream().map(value -> value.assignment("excluded")).collect(joining(", "));
    return "INSERT INTO %s AS t (%s) SELECT %2$s FROM %s ON CONFLICT (%s) DO %s"
        .formatted(
            rows.table(),
            rows.columns(),
            source,
            keys.columns(),
            values.isEmpty() ? "NOTHING" : "UPDATE SET " + changes);
  }

  /** Has the database add up how far counters went, from what they have come to. */
  private void haveChecked(Connection connection, List<PendingRow> wandered) throws SQLException {
    RowSet guarded = guarded(table.keyColumns(), column -> ColumnType.NUMERIC);
    guarded.query(
        connection,
        "SELECT %s FROM %s AS t JOIN %s ON %s"
            .formatted(
                guards("count((t.%1$s::numeric + u.%2$s)::%3$s)"),
                keys.table(),
                guarded.asTable(),
                keys.isSame("t")),
        texts(
            wandered,
            row -> row.key().toArray(String[]::new),
            PendingRow::sum,
            Sum::above,
            Sum::below),
        row -> {});
  }

  /** Deletes rows that were added to before. */
  void deleteAddedTo(Connection connection, List<PendingRow> pending) throws SQLException {
    RowSet guarded = guarded(table.keyColumns(), column -> column.type());
    String sql =
        "DELETE FROM %s AS t USING %s WHERE %s RETURNING %s"
            .formatted(
                keys.table(),
                guarded.asTable(),
                keys.isSame("t"),
                guards("(COALESCE(t.%1$s, 0) + u.%2$s)::%3$s"));
    guarded.query(
        connection,
        sql,
        texts(
            pending,
            row -> row.key().toArray(String[]::new),
            PendingRow::sumBefore,
            Sum::highest,
            Sum::lowest),
        row -> {});
  }

  private Stream<Column> counters() {
    return counters.stream().map(this::column);
  }

  private List<ColumnType> counterTypes() {
    return counters().map(Column::type).toList();
  }

  private Column column(int place) {
    return table.valueColumns().get(place).column();
  }

  /** Columns, and two more for each counter: how far it went up and down. */
  private RowSet guarded(List<Column> columns, Function<Column, ColumnType> type) {
    List<Column> all = new ArrayList<>(columns);
    for (int place : counters) {
      ColumnType of = type.apply(column(place));
      all.add(new Column(UP + place, of));
      all.add(new Column(DOWN + place, of));
    }
    return new RowSet(place, table.name(), all);
  }

  /** What the database has to add up. */
  private String guards(String expression) {
    return counters.stream()
        .flatMap(
            place -> {
              Column counter = column(place);
              return Stream.of(UP + place, DOWN + place)
                  .map(
                      guard -> expression.formatted(counter.quoted(), guard, counter.type().sql()));
            })
        .collect(joining(", "));
  }

  private List<@Nullable String[]> texts(
      List<PendingRow> pending,
      Function<PendingRow, @Nullable String[]> texts,
      BiFunction<PendingRow, Integer, @Nullable Sum> sums,
      Function<Sum, Number> up,
      Function<Sum, Number> down) {
    List<@Nullable String[]> all = new ArrayList<>();
    for (PendingRow row : pending) {
      List<@Nullable String> sent = new ArrayList<>(Arrays.asList(texts.apply(row)));
      for (int place : counters) {
        Sum sum = sums.apply(row, place);
        sent.add(sum == null ? null : up.apply(sum).toString());
        sent.add(sum == null ? null : down.apply(sum).toString());
      }
      all.add(sent.toArray(String[]::new));
    }
    return all;
  }
}
