package dev.kintsugi.runtime.internal.schema;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An index of columns alone, of all rows of a table; as it really is, from the catalog.
 *
 * @param name as SQL takes it
 * @param method its access method: "btree"
 * @param columns those that it is sorted by, and those that it includes
 */
record MadeIndex(String name, String method, List<Column> columns) {

  /** Not those of an expression, or with a condition: these may refuse any row. */
  private static final String OF_COLUMNS =
      """
      SELECT quote_ident(c.relname), am.amname, a.attname, a.attlen, o.opcname
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      LEFT JOIN pg_opclass o ON o.oid = i.indclass[k.n - 1]
      WHERE i.indrelid = to_regclass(?) AND i.indexprs IS NULL AND i.indpred IS NULL
      ORDER BY 1, k.n
      """;

  /**
   * A column of it.
   *
   * @param length of its values in bytes; negative if they differ in it
   * @param operators the operator class; none for a column that is included
   */
  record Column(String name, int length, @Nullable String operators) {
    boolean isOfAnySize() {
      return length < 0;
    }
  }

  MadeIndex {
    columns = List.copyOf(columns);
  }

  /** Those of a table. */
  static List<MadeIndex> read(Connection connection, String table) throws SQLException {
    Map<String, MadeIndex> indexes = new LinkedHashMap<>();
    try (PreparedStatement select = connection.prepareStatement(OF_COLUMNS)) {
      select.setString(1, table);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String name = row.getString(1);
          Column column = new Column(row.getString(3), row.getInt(4), row.getString(5));
          indexes.merge(
              name, new MadeIndex(name, row.getString(2), List.of(column)), MadeIndex::with);
        }
      }
    }
    return List.copyOf(indexes.values());
  }

  private MadeIndex with(MadeIndex more) {
    List<Column> all = new ArrayList<>(columns);
    all.addAll(more.columns());
    return new MadeIndex(name, method, all);
  }
}
