package dev.kintsugi.runtime.internal.verify;

import dev.kintsugi.runtime.verify.RowDifference;
import dev.kintsugi.runtime.verify.TableDifference;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Compares a table, as one transaction sees it, with its copy, as another one does: row by row, as
 * bags, by the columns that the events decide. Of rows that are the same in these, the columns that
 * the database fills are compared, too; where they differ, nobody can tell who is right.
 */
final class TableComparison {

  /** Of a table where much differs, how many rows are shown. */
  private static final int EXAMPLES = 20;

  private static final int ROWS_AT_ONCE = 1000;

  /** Both sessions have to make the same text of the same value, whatever the handler has set. */
  private static final String SAME_TEXTS =
      """
      SET LOCAL extra_float_digits = 3; SET LOCAL datestyle = 'ISO, MDY';
      SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC';
      SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C'; SET LOCAL xmlbinary = 'base64'
      """;

  private final ComparedTable table;
  private final Connection live;
  private final Connection scratch;

  private long missing;
  private long surplus;
  private final long[] filledOtherwise;
  private final Map<String, RowDifference> examples = new TreeMap<>();

  private TableComparison(ComparedTable table, Connection live, Connection scratch) {
    this.table = table;
    this.live = live;
    this.scratch = scratch;
    this.filledOtherwise = new long[table.filled().size()];
  }

  /** Compares a table in two transactions that stay open. */
  static TableDifference of(ComparedTable table, Connection live, Connection scratch)
      throws SQLException {
    return table.obstacles().isEmpty()
        ? new TableComparison(table, live, scratch).compare()
        : new TableDifference(
            table.name(), true, count(table, live), 0, 0, true, table.obstacles(), List.of());
  }

  private static long count(ComparedTable table, Connection live) throws SQLException {
    try (Statement statement = live.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) FROM " + table.name())) {
      row.next();
      return row.getLong(1);
    }
  }

  private TableDifference compare() throws SQLException {
    try (Statement ofLive = live.createStatement();
        Statement ofCopy = scratch.createStatement()) {
      ofLive.execute(SAME_TEXTS);
      ofCopy.execute(SAME_TEXTS);
      try (Rows actual = Rows.of(ofLive, table.rows(table.name()));
          Rows expected = Rows.of(ofCopy, table.rows(table.copy()))) {
        return compare(actual, expected);
      }
    }
  }

  private TableDifference compare(Rows actual, Rows expected) throws SQLException {
    while (actual.isThere() || expected.isThere()) {
      int order = actual.compareTo(expected);
      if (order == 0) {
        compareFilled(actual, expected);
        actual.next();
        expected.next();
      } else if (order < 0) {
        surplus++;
        note(actual, false);
        actual.next();
      } else {
        missing++;
        note(expected, true);
        expected.next();
      }
    }
    return result(actual.read());
  }

  private void compareFilled(Rows actual, Rows expected) throws SQLException {
    if (filledOtherwise.length == 0) {
      return;
    }
    @Nullable String[] there = actual.filled();
    @Nullable String[] here = expected.filled();
    for (int i = 0; i < filledOtherwise.length; i++) {
      if (!Objects.equals(there[i], here[i])) {
        filledOtherwise[i]++;
      }
    }
  }

  /** Notes a row that differs as an example, or as the other side of one. */
  private void note(Rows rows, boolean isExpected) throws SQLException {
    String key = rows.key();
    RowDifference other = examples.get(key);
    if (other == null && examples.size() == EXAMPLES) {
      return;
    }
    String row = forPeople(rows, isExpected);
    if (other == null) {
      String shown = rows.hasKey() ? key : row;
      examples.put(
          key,
          isExpected
              ? new RowDifference(shown, Optional.of(row), Optional.empty())
              : new RowDifference(shown, Optional.empty(), Optional.of(row)));
    } else {
      examples.put(key, with(other, row, isExpected, rows.text()));
    }
  }

  /** The same key, with the row of the other side. */
  private static RowDifference with(
      RowDifference one, String row, boolean isExpected, String exactly) {
    Optional<String> side =
        Optional.of(
            (isExpected ? one.actual() : one.expected()).filter(row::equals).isPresent()
                ? exactly
                : row);
    return isExpected
        ? new RowDifference(one.key(), side, one.actual())
        : new RowDifference(one.key(), one.expected(), side);
  }

  private String forPeople(Rows rows, boolean isExpected) throws SQLException {
    try (PreparedStatement select =
        (isExpected ? scratch : live)
            .prepareStatement(
                ComparedTable.rowForPeople(isExpected ? table.copy() : table.name()))) {
      select.setString(1, rows.place());
      select.setLong(2, rows.oid());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getString(1) : rows.text();
      }
    }
  }

  private TableDifference result(long rows) {
    List<String> notCompared = new ArrayList<>();
    for (int i = 0; i < filledOtherwise.length; i++) {
      if (filledOtherwise[i] > 0) {
        notCompared.add(
            "column %s of table %s could not be compared: the database fills it, and it differs in %d rows that are otherwise the same"
                .formatted(
                    ComparedTable.quoted(table.filled().get(i)), table.name(), filledOtherwise[i]));
      }
    }
    boolean differs = missing + surplus > 0;
    if (differs) {
      notCompared.addAll(table.doubts());
    }
    return new TableDifference(
        table.name(),
        true,
        rows,
        missing,
        surplus,
        table.doubts().isEmpty(),
        notCompared,
        List.copyOf(examples.values()));
  }

  /** Rows that are read one after the other. */
  private static final class Rows implements AutoCloseable {
    private final ResultSet rows;
    private boolean isThere;
    private long read;

    private Rows(ResultSet rows) throws SQLException {
      this.rows = rows;
      next();
    }

    static Rows of(Statement statement, String query) throws SQLException {
      statement.setFetchSize(ROWS_AT_ONCE);
      return new Rows(statement.executeQuery(query));
    }

    boolean isThere() {
      return isThere;
    }

    void next() throws SQLException {
      isThere = rows.next();
      if (isThere) {
        read++;
      }
    }

    long read() {
      return read;
    }

    String text() throws SQLException {
      return rows.getString(2);
    }

    boolean hasKey() throws SQLException {
      return rows.getString(3) != null;
    }

    /** What tells a row that differs from others that do. */
    String key() throws SQLException {
      return hasKey() ? rows.getString(3) : text();
    }

    @Nullable String[] filled() throws SQLException {
      return (String[]) rows.getArray(4).getArray();
    }

    String place() throws SQLException {
      return rows.getString(5);
    }

    long oid() throws SQLException {
      return rows.getLong(6);
    }

    /** Whose row comes first, as the database orders them; the end comes last. */
    int compareTo(Rows other) throws SQLException {
      if (!isThere || !other.isThere) {
        return Boolean.compare(other.isThere, isThere);
      }
      int byHash = rows.getString(1).compareTo(other.rows.getString(1));
      if (byHash != 0 || text().equals(other.text())) {
        return byHash;
      }
      return Arrays.compareUnsigned(
          text().getBytes(StandardCharsets.UTF_8), other.text().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws SQLException {
      rows.close();
    }
  }
}
