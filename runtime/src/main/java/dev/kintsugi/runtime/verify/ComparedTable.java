package dev.kintsugi.runtime.verify;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A table of a read model that is compared with a copy of it, row by row.
 *
 * @param name with its schema, quoted
 * @param copy the temporary table of the same name, quoted
 * @param key the columns of its primary key
 * @param ignored columns that the database fills with numbers or times: they differ each time
 * @param numbered those of them that a sequence fills
 */
record ComparedTable(
    String name, String copy, List<String> key, List<String> ignored, List<String> numbered) {

  /** Of a table where much differs, how many rows are shown. */
  private static final int EXAMPLES = 20;

  private static final int ROWS_AT_ONCE = 1000;

  private static final String OF_PROJECTION =
      """
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),
        'pg_temp.' || quote_ident(c.relname),
        ARRAY(SELECT a.attname::text FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
          WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY a.attnum),
        ARRAY(SELECT a.attname::text FROM pg_attribute a
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid)
              ~* 'nextval|now\\(|clock_timestamp|statement_timestamp|transaction_timestamp|current_|localtime|random|uuid')
          ORDER BY a.attnum),
        ARRAY(SELECT a.attname::text FROM pg_attribute a
          JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval%'
          ORDER BY a.attnum)
      FROM kintsugi_table t
      JOIN pg_class c ON c.oid = to_regclass(t.table_name)
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE t.projection = ? ORDER BY t.table_name
      """;

  /** The tables of a projection. */
  static List<ComparedTable> of(Connection connection, String projection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(OF_PROJECTION)) {
      select.setString(1, projection);
      List<ComparedTable> tables = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          tables.add(
              new ComparedTable(
                  row.getString(1), row.getString(2), texts(row, 3), texts(row, 4), texts(row, 5)));
        }
      }
      return tables;
    }
  }

  private static List<String> texts(ResultSet row, int column) throws SQLException {
    return Arrays.asList((String[]) row.getArray(column).getArray());
  }

  /**
   * Makes the copy, which draws no number of the table's.
   *
   * @param numbers a sequence that it draws them from
   */
  String ddlOfCopy(String numbers) {
    StringBuilder ddl =
        new StringBuilder("CREATE TEMP TABLE %s (LIKE %s INCLUDING ALL)".formatted(copy, name));
    for (String column : numbered) {
      ddl.append(
          "; ALTER TABLE %s ALTER COLUMN %s SET DEFAULT nextval('%s')"
              .formatted(copy, quoted(column), numbers));
    }
    return ddl.toString();
  }

  private static String quoted(String column) {
    return '"' + column.replace("\"", "\"\"") + '"';
  }

  /** Compares it, as one transaction sees it, with its copy, as another one does. */
  TableDifference compare(Connection live, Connection scratch) throws SQLException {
    Found found = new Found();
    try (Statement ofLive = live.createStatement();
        Statement ofCopy = scratch.createStatement();
        Rows actual = Rows.of(ofLive, query(name));
        Rows expected = Rows.of(ofCopy, query(copy))) {
      while (actual.isThere() || expected.isThere()) {
        int order = actual.compareTo(expected);
        if (order == 0) {
          actual.next();
          expected.next();
        } else if (order < 0) {
          found.surplus(actual);
          actual.next();
        } else {
          found.missing(expected);
          expected.next();
        }
      }
      return found.difference(this, actual.read());
    }
  }

  /** All rows in the order of their hashes, which is the same for the table and its copy. */
  private String query(String table) {
    String row = "to_jsonb(t)" + without(ignored);
    String keyOf = isKeyCompared() ? "jsonb_build_array(" + columns(key) + ")" : row;
    return "SELECT md5(r.row::text) COLLATE \"C\", r.row::text, r.key::text FROM"
        + " (SELECT %s AS row, %s AS key FROM %s t) r ORDER BY 1, 2".formatted(row, keyOf, table);
  }

  private boolean isKeyCompared() {
    return !key.isEmpty() && key.stream().noneMatch(ignored::contains);
  }

  private static String without(List<String> columns) {
    StringBuilder without = new StringBuilder();
    columns.forEach(
        column -> without.append(" - '").append(column.replace("'", "''")).append("'::text"));
    return without.toString();
  }

  private static String columns(List<String> columns) {
    return String.join(", ", columns.stream().map(column -> "t." + quoted(column)).toList());
  }

  /** What was found to differ so far. */
  private static final class Found {
    private long missing;
    private long surplus;
    private final Map<String, RowDifference> byKey = new TreeMap<>();

    void missing(Rows expected) throws SQLException {
      missing++;
      note(expected.key(), Optional.of(expected.row()), Optional.empty());
    }

    void surplus(Rows actual) throws SQLException {
      surplus++;
      note(actual.key(), Optional.empty(), Optional.of(actual.row()));
    }

    private void note(String key, Optional<String> expected, Optional<String> actual) {
      RowDifference other = byKey.get(key);
      if (other != null) {
        byKey.put(
            key, new RowDifference(key, expected.or(other::expected), actual.or(other::actual)));
      } else if (byKey.size() < EXAMPLES) {
        byKey.put(key, new RowDifference(key, expected, actual));
      }
    }

    TableDifference difference(ComparedTable table, long rows) {
      return new TableDifference(
          table.name(), rows, missing, surplus, table.ignored(), List.copyOf(byKey.values()));
    }
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

    String row() throws SQLException {
      return rows.getString(2);
    }

    String key() throws SQLException {
      return rows.getString(3);
    }

    /** Whose row comes first; the end comes last. */
    int compareTo(Rows other) throws SQLException {
      if (!isThere || !other.isThere) {
        return Boolean.compare(other.isThere, isThere);
      }
      int byHash = rows.getString(1).compareTo(other.rows.getString(1));
      return byHash != 0 ? byHash : row().compareTo(other.row());
    }

    @Override
    public void close() throws SQLException {
      rows.close();
    }
  }
}
