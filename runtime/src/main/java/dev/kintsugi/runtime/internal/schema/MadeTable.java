package dev.kintsugi.runtime.internal.schema;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table as a script really made it, from the catalog.
 *
 * @param name quoted where it needs it
 * @param unlogged whether a crash of the server empties it, or a partition of it
 * @param primaryKey the names of its columns; empty if there is none, or one that is deferrable
 * @param indexes their names, not quoted
 * @param ofColumns those of the indexes that are of columns alone, and of all rows
 * @param rules what the database can refuse, change or look at besides the row at hand: "the
 *     constraint stock_n_check CHECK (n >= 0)"
 * @param deferred the names, as SQL takes them, of constraints that are looked at when a
 *     transaction commits
 */
public record MadeTable(
    String name,
    boolean unlogged,
    List<Column> columns,
    Set<String> primaryKey,
    List<String> indexes,
    List<MadeIndex> ofColumns,
    List<String> rules,
    List<String> deferred) {

  private static final String TABLES =
      """
      SELECT given.name, c.relpersistence = 'u' OR EXISTS (
        SELECT 1 FROM pg_partition_tree(c.oid) AS part JOIN pg_class p ON p.oid = part.relid
        WHERE p.relpersistence = 'u')
      FROM unnest(?::text[]) WITH ORDINALITY AS given(name, n)
      JOIN pg_class c ON c.oid = to_regclass(given.name)
      ORDER BY given.n
      """;

  private static final String COLUMNS =
      """
      SELECT a.attname, format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || quote_ident(co.collname)
             ELSE '' END,
        a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity = 'a', a.attgenerated <> '',
        a.attidentity <> '' OR EXISTS (
          SELECT 1 FROM pg_depend s JOIN pg_class q ON q.oid = s.refobjid AND q.relkind = 'S'
          WHERE s.classid = 'pg_attrdef'::regclass AND s.objid = d.oid
            AND s.refclassid = 'pg_class'::regclass),
        coalesce(co.collisdeterministic, TRUE)
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      LEFT JOIN pg_collation co ON co.oid = a.attcollation
      WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attnum
      """;

  private static final String PRIMARY_KEY =
      """
      SELECT a.attname FROM pg_constraint p
      JOIN pg_attribute a ON a.attrelid = p.conrelid AND a.attnum = ANY (p.conkey)
      WHERE p.conrelid = to_regclass(?) AND p.contype = 'p' AND NOT p.condeferrable
      ORDER BY a.attname
      """;

  private static final String INDEXES =
      """
      SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE i.indrelid = to_regclass(?) ORDER BY 1
      """;

  private static final String RULES =
      """
      WITH made AS (SELECT to_regclass(?)::oid AS oid)
      SELECT 'the constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(c.oid)
      FROM made JOIN pg_constraint c ON c.conrelid = made.oid
      WHERE contype IN ('c', 'u', 'x', 'f', 't')
      UNION ALL
      SELECT 'the foreign key ' || quote_ident(conname) || ' of ' || conrelid::regclass || ' to it'
      FROM made JOIN pg_constraint c ON c.confrelid = made.oid
      WHERE contype = 'f' AND conrelid <> confrelid AND conparentid = 0
      UNION ALL
      SELECT CASE WHEN i.indisunique THEN 'the unique index '
          ELSE 'the index (of an expression, or with a condition) ' END || i.indexrelid::regclass
      FROM made JOIN pg_index i ON i.indrelid = made.oid
      WHERE (i.indisunique AND NOT i.indisprimary
          AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid))
        OR (NOT i.indisunique AND NOT i.indisexclusion
          AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
      UNION ALL
      SELECT 'the trigger ' || quote_ident(tgname)
      FROM made JOIN pg_trigger t ON t.tgrelid = made.oid WHERE NOT tgisinternal AND tgconstraint = 0
      UNION ALL
      SELECT 'the rule ' || quote_ident(rulename)
      FROM made JOIN pg_rewrite r ON r.ev_class = made.oid WHERE rulename <> '_RETURN'
      UNION ALL
      SELECT 'row security'
      FROM made JOIN pg_class c ON c.oid = made.oid WHERE c.relrowsecurity
      UNION ALL
      SELECT 'partitions, none of which may take a row'
      FROM made JOIN pg_class c ON c.oid = made.oid WHERE c.relkind = 'p'
      UNION ALL
      SELECT 'the table ' || inhrelid::regclass || ' that inherits from it'
      FROM made JOIN pg_inherits h ON h.inhparent = made.oid
      JOIN pg_class c ON c.oid = made.oid WHERE c.relkind <> 'p'
      UNION ALL
      SELECT 'the table ' || inhparent::regclass || ' that it inherits from'
      FROM made JOIN pg_inherits h ON h.inhrelid = made.oid
      ORDER BY 1
      """;

  private static final String DEFERRED =
      """
      SELECT CASE WHEN pg_is_other_temp_schema(n.oid) OR n.oid = pg_my_temp_schema()
          OR n.nspname = 'kintsugi_probe' THEN '' ELSE quote_ident(n.nspname) || '.' END
        || quote_ident(c.conname)
      FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
      WHERE to_regclass(?)::oid IN (c.conrelid, c.confrelid) AND c.condeferrable AND c.condeferred
        AND c.conparentid = 0
      ORDER BY 1
      """;

  /**
   * A column.
   *
   * @param name as it is, not quoted
   * @param type with its length or precision, and its collation where that is not the type's own
   * @param byDefault the expression of its default
   * @param generatedAlways whether no insert may bring a value: a generated one, or an identity
   * @param numbered whether its default counts: an identity, or the next value of a sequence
   * @param distinct whether equal values have equal bytes: not so in a nondeterministic collation
   */
  public record Column(
      String name,
      String type,
      boolean notNull,
      @Nullable String byDefault,
      boolean generatedAlways,
      boolean generated,
      boolean numbered,
      boolean distinct) {

    /** Whether an insert has to bring a value for it. */
    boolean isRequired() {
      return notNull && byDefault == null && !numbered && !generated;
    }
  }

  public MadeTable {
    columns = List.copyOf(columns);
    indexes = List.copyOf(indexes);
    ofColumns = List.copyOf(ofColumns);
    rules = List.copyOf(rules);
    deferred = List.copyOf(deferred);
    primaryKey = Set.copyOf(primaryKey);
  }

  /**
   * The tables of these names that are there, as the session finds them, in the order of the names.
   *
   * @param names quoted where they need it
   */
  static List<MadeTable> read(Connection connection, List<String> names) throws SQLException {
    List<MadeTable> tables = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(TABLES)) {
      Array given = connection.createArrayOf("text", names.toArray());
      select.setArray(1, given);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          String name = row.getString(1);
          tables.add(
              new MadeTable(
                  name,
                  row.getBoolean(2),
                  columns(connection, name),
                  new LinkedHashSet<>(texts(connection, PRIMARY_KEY, name)),
                  texts(connection, INDEXES, name),
                  MadeIndex.read(connection, name),
                  texts(connection, RULES, name),
                  texts(connection, DEFERRED, name)));
        }
      }
    }
    return tables;
  }

  Optional<Column> column(String column) {
    return columns.stream().filter(made -> made.name().equals(column)).findFirst();
  }

  private static List<Column> columns(Connection connection, String table) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(COLUMNS)) {
      select.setString(1, table);
      List<Column> columns = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          boolean generated = row.getBoolean(6);
          columns.add(
              new Column(
                  row.getString(1),
                  row.getString(2),
                  row.getBoolean(3),
                  generated ? null : row.getString(4),
                  generated || row.getBoolean(5),
                  generated,
                  row.getBoolean(7),
                  row.getBoolean(8)));
        }
      }
      return columns;
    }
  }

  private static List<String> texts(Connection connection, String sql, String table)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, table);
      List<String> texts = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          texts.add(row.getString(1));
        }
      }
      return texts;
    }
  }
}
