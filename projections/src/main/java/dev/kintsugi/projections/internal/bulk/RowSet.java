package dev.kintsugi.projections.internal.bulk;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.copy.CopyIn;

/**
 * Writes many rows of one table in one statement: as arrays, or by COPY. Values come as texts in
 * the order of the columns; {@code null} is NULL. In the caller's transaction.
 */
public final class RowSet {

  /** So many rows go in one statement: what is larger only costs memory on both sides. */
  private static final int ROWS_A_STATEMENT = 10_000;

  private static final int COPY_CHUNK = 64 * 1024;

  private final String table;
  private final List<Column> columns;

  /**
   * Some columns of a table.
   *
   * @param place the schema that has it; null where the session finds it
   * @param table its name, checked
   */
  public RowSet(@Nullable String place, String table, List<Column> columns) {
    this.table = (place == null ? "" : Names.quoted(place) + ".") + Names.quoted(table);
    this.columns = List.copyOf(columns);
  }

  /** The table, quoted, with its schema where that is known. */
  public String table() {
    return table;
  }

  /** The columns, in their order. */
  public List<Column> allColumns() {
    return columns;
  }

  /** The columns' names, quoted, with commas between. */
  public String columns() {
    return columns.stream().map(Column::quoted).collect(joining(", "));
  }

  /** The condition under which a row of an alias has the columns of a row of {@link #asTable()}. */
  public String isSame(String alias) {
    return columns.stream()
        .map(column -> "%s.%s = u.%2$s".formatted(alias, column.quoted()))
        .collect(joining(" AND "));
  }

  /**
   * The rows as an item of a FROM list, {@code u}; they come in the order in which they are given.
   * (One {@code unnest} of all arrays would be shorter; PostgreSQL stores each of them in a place
   * of its own then, which for few rows takes longer than their insert.)
   */
  public String asTable() {
    return "(SELECT %s FROM (SELECT %s) AS t) AS u"
        .formatted(
            columns.stream()
                .map(
                    column ->
                        "t.%1$s::%2$s AS %1$s".formatted(column.quoted(), column.type().sql()))
                .collect(joining(", ")),
            columns.stream()
                .map(column -> "unnest(?::text[]) AS " + column.quoted())
                .collect(joining(", ")));
  }

  /**
   * Runs an INSERT that has {@link #asTable()} once.
   *
   * @return how many rows it wrote
   */
  public long insert(Connection connection, String sql, List<@Nullable String[]> rows)
      throws SQLException {
    return inPortions(connection, sql, rows, PreparedStatement::executeUpdate);
  }

  /** Runs an INSERT that has {@link #asTable()} once and returns rows, and hands these on. */
  public void insert(Connection connection, String sql, List<@Nullable String[]> rows, EachRow each)
      throws SQLException {
    inPortions(connection, sql, rows, statement -> handOn(statement, each));
  }

  /**
   * Deletes the table's rows that are equal to these in the columns.
   *
   * @return how many there were
   */
  public long delete(Connection connection, List<@Nullable String[]> rows) throws SQLException {
    return inPortions(
        connection,
        "DELETE FROM %s AS t USING %s WHERE %s".formatted(table, asTable(), isSame("t")),
        rows,
        statement -> {
          planAnew(statement);
          return statement.executeUpdate();
        });
  }

  /** Hands on the rows of a query that has {@link #asTable()} once. */
  public void query(Connection connection, String sql, List<@Nullable String[]> rows, EachRow each)
      throws SQLException {
    inPortions(
        connection,
        sql,
        rows,
        statement -> {
          planAnew(statement);
          return handOn(statement, each);
        });
  }

  private static int handOn(PreparedStatement statement, EachRow each) throws SQLException {
    int found = 0;
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        each.accept(row);
        found++;
      }
    }
    return found;
  }

  /** Takes a row of a query. */
  @FunctionalInterface
  public interface EachRow {
    void accept(ResultSet row) throws SQLException;
  }

  /**
   * A plan that was made while the table was small reads all of it, for as long as the server keeps
   * it. Planning takes a tenth of a millisecond, once for all the rows.
   */
  private static void planAnew(PreparedStatement statement) throws SQLException {
    statement.unwrap(PGStatement.class).setPrepareThreshold(0);
  }

  @FunctionalInterface
  private interface Execution {
    int run(PreparedStatement statement) throws SQLException;
  }

  /** How many rows it came to in all. */
  private long inPortions(
      Connection connection, String sql, List<@Nullable String[]> rows, Execution execution)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      long count = 0;
      for (int from = 0; from < rows.size(); from += ROWS_A_STATEMENT) {
        bind(statement, rows.subList(from, Math.min(rows.size(), from + ROWS_A_STATEMENT)));
        count += execution.run(statement);
      }
      return count;
    }
  }

  private void bind(PreparedStatement statement, List<@Nullable String[]> rows)
      throws SQLException {
    Connection connection = statement.getConnection();
    for (int column = 0; column < columns.size(); column++) {
      String[] values = new String[rows.size()];
      for (int row = 0; row < values.length; row++) {
        values[row] = rows.get(row)[column];
      }
      statement.setArray(column + 1, connection.createArrayOf("text", values));
    }
  }

  /** Copies rows into the table, none of which is there yet. */
  public <R> void copy(Connection connection, Iterable<R> rows, RowOf<R> values)
      throws SQLException, IOException {
    CopyIn copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("COPY " + table + " (" + columns() + ") FROM STDIN");
    try {
      StringBuilder text = new StringBuilder();
      for (R row : rows) {
        String separator = "";
        for (String value : values.of(row)) {
          text.append(separator);
          append(text, value);
          separator = "\t";
        }
        text.append('\n');
        if (text.length() >= COPY_CHUNK) {
          send(copy, text);
        }
      }
      send(copy, text);
      copy.endCopy();
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  /** A row's values. */
  @FunctionalInterface
  public interface RowOf<R> {
    @Nullable String[] of(R row) throws IOException;
  }

  private static void send(CopyIn copy, StringBuilder text) throws SQLException {
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    copy.writeToCopy(bytes, 0, bytes.length);
    text.setLength(0);
  }

  private static void append(StringBuilder text, @Nullable String value) {
    if (value == null) {
      text.append("\\N");
      return;
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> text.append(c);
      }
    }
  }
}
