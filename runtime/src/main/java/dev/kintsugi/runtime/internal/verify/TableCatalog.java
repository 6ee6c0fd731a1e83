package dev.kintsugi.runtime.internal.verify;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the database's catalog says of a read model: its tables, and how to make copies of them that
 * do what they do. All by names that need no schema, in the caller's transaction.
 *
 * @param tables those that are there
 * @param absent the names of those that the projection's script makes, and that are not there
 * @param copies the statements that make the copies, for a session whose search path begins with
 *     its temporary schema
 */
record TableCatalog(List<ComparedTable> tables, List<String> absent, List<String> copies) {

  TableCatalog {
    tables = List.copyOf(tables);
    absent = List.copyOf(absent);
    copies = List.copyOf(copies);
  }

  /** Numbers for defaults whose own sequence can't be copied. */
  private static final String NUMBERS = "pg_temp.kintsugi_numbers";

  private static final String NAMES =
      """
      SELECT name, to_regclass(name) IS NOT NULL AND EXISTS (
          SELECT FROM pg_class c WHERE c.oid = to_regclass(name) AND c.relkind IN ('r', 'p')),
        bool_or(declared)
      FROM (SELECT unnest(?::text[]) AS name, TRUE AS declared
        UNION ALL SELECT table_name, FALSE FROM kintsugi_table WHERE projection = ?) AS named
      GROUP BY name ORDER BY name
      """;

  /**
   * What the database fills is told by what a default's expression calls, as PostgreSQL has parsed
   * it: its text may quote anything. A domain's default counts, too.
   */
  private static final String TABLES =
      """
      SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
        'pg_temp.' || quote_ident(c.relname),
        ARRAY(SELECT a.attname::text FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
          WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY a.attnum),
        ARRAY(SELECT a.attname::text FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
        ARRAY(SELECT a.attname::text FROM pg_attribute a
          JOIN pg_type ty ON ty.oid = a.atttypid
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
          CROSS JOIN LATERAL (SELECT COALESCE(d.adbin::text, ty.typdefaultbin::text) AS parsed) e
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            AND (a.attidentity <> ''
              OR e.parsed ~ '[{](SQLVALUEFUNCTION|NEXTVALUEEXPR)'
              OR EXISTS (SELECT FROM regexp_matches(e.parsed, ':(funcid|opfuncid) ([0-9]+)', 'g') m
                JOIN pg_proc p ON p.oid = m[2]::oid WHERE p.provolatile <> 'i')
              OR e.parsed ~ '[{]COERCEVIAIO' AND EXISTS (
                SELECT FROM regexp_matches(e.parsed, ':resulttype ([0-9]+)', 'g') m
                JOIN pg_type t ON t.oid = m[1]::oid JOIN pg_proc p ON p.oid = t.typinput
                WHERE p.provolatile <> 'i'))
          ORDER BY a.attnum),
        ARRAY(SELECT 'trigger ' || quote_ident(t.tgname) FROM pg_trigger t
          WHERE t.tgrelid IN (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid))
            AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
          UNION SELECT 'rule ' || quote_ident(w.rulename) FROM pg_rewrite w
          WHERE w.ev_class = c.oid AND w.ev_enabled IN ('O', 'A') ORDER BY 1),
        row_security_active(c.oid)
      FROM unnest(?::text[]) AS name
      JOIN pg_class c ON c.oid = to_regclass(name)
      JOIN pg_namespace n ON n.oid = c.relnamespace
      ORDER BY 2
      """;

  /** All that an unqualified name can mean and that is no other table's, and all that we need. */
  private static final String SEQUENCES =
      """
      SELECT format('CREATE TEMP SEQUENCE %I AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s',
        c.relname, format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart)
        || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END
      FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
      WHERE pg_table_is_visible(c.oid) AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
          AND d.refclassid = 'pg_class'::regclass
          AND (d.deptype = 'i' OR d.deptype = 'a' AND d.refobjid <> ALL (?::oid[]))
          AND NOT EXISTS (SELECT FROM pg_depend of
            JOIN pg_attrdef u ON of.classid = 'pg_attrdef'::regclass AND of.objid = u.oid
            WHERE of.refobjid = c.oid AND d.deptype = 'a' AND u.adrelid = ANY (?::oid[])))
      ORDER BY 1
      """;

  /** By the sequence's name alone, which means its copy then. */
  private static final String DEFAULTS =
      """
      SELECT format('ALTER TABLE pg_temp.%I ALTER COLUMN %I SET DEFAULT ', c.relname, a.attname)
        || CASE WHEN bool_and(pg_table_is_visible(s.oid)) THEN pg_get_expr(d.adbin, d.adrelid)
          ELSE ? END
      FROM pg_attrdef d
      JOIN pg_class c ON c.oid = d.adrelid
      JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      JOIN pg_depend of ON of.classid = 'pg_attrdef'::regclass AND of.objid = d.oid
        AND of.refclassid = 'pg_class'::regclass
      JOIN pg_class s ON s.oid = of.refobjid AND s.relkind = 'S'
      WHERE d.adrelid = ANY (?::oid[])
      GROUP BY c.relname, a.attname, d.adbin, d.adrelid
      ORDER BY 1
      """;

  /** Those that partitions have for their parent's are not listed by themselves. */
  private static final String FOREIGN_KEYS =
      """
      SELECT f.conrelid, f.confrelid, f.confrelid = ANY (?::oid[]),
        f.confdeltype IN ('c', 'n', 'd') OR f.confupdtype IN ('c', 'n', 'd'),
        format('ALTER TABLE pg_temp.%I ADD CONSTRAINT %I ', c.relname, f.conname)
          || pg_get_constraintdef(f.oid),
        quote_ident(f.conname), f.confrelid::regclass::text
      FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
      WHERE f.contype = 'f' AND f.conparentid = 0 AND f.conrelid = ANY (?::oid[])
      ORDER BY 5
      """;

  /**
   * Reads it.
   *
   * @param declared the names of the tables that the projection's script makes
   */
  static TableCatalog read(Connection connection, String projection, List<String> declared)
      throws SQLException {
    List<String> there = new ArrayList<>();
    List<String> absent = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(NAMES)) {
      select.setArray(1, connection.createArrayOf("text", declared.toArray()));
      select.setString(2, projection);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          if (row.getBoolean(2)) {
            there.add(row.getString(1));
          } else if (row.getBoolean(3)) {
            absent.add(row.getString(1));
          }
        }
      }
    }
    List<ComparedTable> tables = tables(connection, there);
    Array oids =
        connection.createArrayOf("int8", tables.stream().map(ComparedTable::oid).toArray());
    List<String> copies = new ArrayList<>();
    copies.add("CREATE TEMP SEQUENCE " + NUMBERS.substring("pg_temp.".length()));
    copies.addAll(statements(connection, SEQUENCES, oids, oids));
    tables.forEach(table -> copies.add(table.ddlOfCopy()));
    copies.addAll(statements(connection, DEFAULTS, "nextval('" + NUMBERS + "')", oids));
    List<ForeignKey> foreignKeys = foreignKeys(connection, oids);
    foreignKeys.stream().filter(ForeignKey::isInside).forEach(key -> copies.add(key.ddlOfCopy()));
    return new TableCatalog(doubted(tables, foreignKeys), absent, copies);
  }

  private static List<ComparedTable> tables(Connection connection, List<String> names)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(TABLES)) {
      select.setArray(1, connection.createArrayOf("text", names.toArray()));
      List<ComparedTable> tables = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          List<String> filled = texts(row, 6);
          List<String> columns = new ArrayList<>(texts(row, 5));
          columns.removeAll(filled);
          tables.add(
              new ComparedTable(
                  row.getLong(1),
                  row.getString(2),
                  row.getString(3),
                  texts(row, 4),
                  columns,
                  filled,
                  obstacles(row.getString(2), texts(row, 7), row.getBoolean(8)),
                  List.of()));
        }
      }
      return tables;
    }
  }

  private static List<String> texts(ResultSet row, int column) throws SQLException {
    return Arrays.asList((String[]) row.getArray(column).getArray());
  }

  private static List<String> obstacles(
      String table, List<String> codeOfUsers, boolean isRowSecurityActive) {
    List<String> obstacles = new ArrayList<>();
    for (String code : codeOfUsers) {
      obstacles.add(
          "table %s was not compared: its %s may write what no event says, and is not run for the copy"
              .formatted(table, code));
    }
    if (isRowSecurityActive) {
      obstacles.add(
          "table %s was not compared: row security hides rows of it from this user. Give the user BYPASSRLS, or the table to it"
              .formatted(table));
    }
    return obstacles;
  }

  private static List<String> statements(Connection connection, String query, Object... parameters)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(query)) {
      for (int i = 0; i < parameters.length; i++) {
        select.setObject(i + 1, parameters[i]);
      }
      List<String> statements = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          statements.add(row.getString(1));
        }
      }
      return statements;
    }
  }

  /**
   * A foreign key of one of the tables.
   *
   * @param isInside whether it references a table of the same read model
   * @param acts whether what happens to the referenced row can delete or change the table's
   */
  private record ForeignKey(
      long table, long references, boolean isInside, boolean acts, String ddlOfCopy, String said) {}

  private static List<ForeignKey> foreignKeys(Connection connection, Array oids)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(FOREIGN_KEYS)) {
      select.setArray(1, oids);
      select.setArray(2, oids);
      List<ForeignKey> keys = new ArrayList<>();
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          keys.add(
              new ForeignKey(
                  row.getLong(1),
                  row.getLong(2),
                  row.getBoolean(3),
                  row.getBoolean(4),
                  row.getString(5),
                  "foreign key %s to %s".formatted(row.getString(6), row.getString(7))));
        }
      }
      return keys;
    }
  }

  /** The tables, with what may have written to each of them besides the handler. */
  private static List<ComparedTable> doubted(
      List<ComparedTable> tables, List<ForeignKey> foreignKeys) {
    List<ComparedTable> doubted = new ArrayList<>();
    for (ComparedTable table : tables) {
      Set<String> doubts = new HashSet<>();
      for (ComparedTable other : tables) {
        if (!other.equals(table) && !other.obstacles().isEmpty()) {
          doubts.add(
              "rows of table %s that differ may be right: a trigger or rule of table %s, which is not run for the copy, may have written them"
                  .formatted(table.name(), other.name()));
        }
      }
      doubtByForeignKeys(table.name(), table.oid(), foreignKeys, doubts, new HashSet<>());
      doubted.add(table.doubting(doubts.stream().sorted().toList()));
    }
    return doubted;
  }

  /** Through the keys to the read model's own tables to those to others. */
  private static void doubtByForeignKeys(
      String name, long table, List<ForeignKey> keys, Set<String> doubts, Set<Long> seen) {
    if (!seen.add(table)) {
      return;
    }
    for (ForeignKey key : keys) {
      if (key.table() != table || !key.acts()) {
        continue;
      }
      if (key.isInside()) {
        doubtByForeignKeys(name, key.references(), keys, doubts, seen);
      } else {
        doubts.add(
            "rows of table %s that differ may be right: the %s, which is not copied, deletes or changes them with rows that are no part of the read model"
                .formatted(name, key.said()));
      }
    }
  }
}
