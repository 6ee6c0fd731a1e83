package dev.kintsugi.runtime.internal.event;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Whether a table's numbers are handed out one by one and rising. Rebuilds, drains and live queries
 * all rely on it: a session that keeps orderings in stock gives a stream's later event a lower one
 * than an earlier event of another session has.
 *
 * <p>A check that finds no sequence has checked nothing, so that is a fault, too.
 */
public final class OrderingSequence {

  /**
   * The table and its partitions, each with what fills the column, and with the sequence that this
   * depends on: through the default's expression, whether the column owns the sequence or not, or
   * as an identity.
   */
  private static final String FILLED_BY =
      """
      SELECT t.oid = to_regclass(?), t.oid::regclass::text, quote_ident(a.attname), a.attgenerated <> '',
        a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) ~ '^nextval\\(''.*''::regclass\\)$',
        pg_get_expr(d.adbin, d.adrelid), s.seqrelid::regclass::text, s.seqcache, s.seqincrement,
        s.seqcycle,
        (SELECT string_agg(quote_ident(g.tgname), ', ' ORDER BY g.tgname) FROM pg_trigger g
          WHERE g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgtype & 4 > 0)
      FROM pg_class t
      JOIN pg_attribute a ON a.attrelid = t.oid AND '"' || replace(a.attname, '"', '""') || '"' = ?
      LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
      LEFT JOIN LATERAL (
        SELECT CASE WHEN p.classid = 'pg_attrdef'::regclass THEN p.refobjid ELSE p.objid END AS oid
        FROM pg_depend p
        WHERE p.refclassid = 'pg_class'::regclass
          AND (p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
            OR a.attidentity <> '' AND p.classid = 'pg_class'::regclass AND p.deptype = 'i'
              AND p.refobjid = t.oid AND p.refobjsubid = a.attnum)) used ON used.oid IN
                (SELECT seqrelid FROM pg_sequence)
      LEFT JOIN pg_sequence s ON s.seqrelid = used.oid
      WHERE t.oid = to_regclass(?)
        OR t.oid IN (SELECT relid FROM pg_partition_tree(to_regclass(?)))
      ORDER BY 1 DESC, 2
      """;

  /**
   * A query of the sequence's oid, in the column {@code seqrelid}. Its parameters are the table and
   * its column, both quoted.
   */
  public static final String OID =
      """
      SELECT s.seqrelid
      FROM pg_attribute a
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      JOIN pg_depend p ON p.refclassid = 'pg_class'::regclass
        AND (p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
          OR a.attidentity <> '' AND p.classid = 'pg_class'::regclass AND p.deptype = 'i'
            AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum)
      JOIN pg_sequence s
        ON s.seqrelid = CASE WHEN p.classid = 'pg_attrdef'::regclass THEN p.refobjid ELSE p.objid END
      WHERE a.attrelid = to_regclass(?) AND '"' || replace(a.attname, '"', '""') || '"' = ?
      """;

  /** No row where this user may not look at the sequence. */
  private static final String LAST_VALUE =
      """
      SELECT COALESCE(pg_sequence_last_value(o.seqrelid), 0) FROM (%s) o
      WHERE has_sequence_privilege(o.seqrelid, 'USAGE, SELECT')
      """
          .formatted(OID);

  private OrderingSequence() {}

  /**
   * The last number that was handed out, 0 if none was; empty if the database's user may not know.
   * Works in the caller's transaction.
   */
  public static OptionalLong lastValue(Connection connection, NumberedTable table)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LAST_VALUE)) {
      select.setString(1, table.table());
      select.setString(2, table.column());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
      }
    }
  }

  /**
   * What is wrong with what fills the column of numbers, a sentence each that says what to do;
   * empty if nothing is. Works in the caller's transaction, and reads the catalog only.
   */
  public static List<String> faults(Connection connection, NumberedTable table)
      throws SQLException {
    List<String> faults = new ArrayList<>();
    boolean found = false;
    try (PreparedStatement select = connection.prepareStatement(FILLED_BY)) {
      select.setString(1, table.table());
      select.setString(2, table.column());
      select.setString(3, table.table());
      select.setString(4, table.table());
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          boolean isTable = row.getBoolean(1);
          found |= isTable;
          String sequence = row.getString(7);
          String filledBy = row.getString(6);
          if (sequence != null && row.getBoolean(5) && !row.getBoolean(4)) {
            faults.addAll(
                ofSequence(table, sequence, row.getLong(8), row.getLong(9), row.getBoolean(10)));
          } else if (isTable || filledBy != null) {
            faults.add(
                withoutSequence(
                    table.numbers(),
                    row.getString(2),
                    row.getString(3),
                    filledBy,
                    row.getString(11)));
          }
        }
      }
    }
    if (!found) {
      faults.add("there is no column %s in the table %s".formatted(table.column(), table.table()));
    }
    return faults.stream().distinct().toList();
  }

  private static List<String> ofSequence(
      NumberedTable table, String sequence, long cache, long increment, boolean cycles) {
    List<String> faults = new ArrayList<>();
    if (cache > 1) {
      faults.add(
          "the sequence %1$s of %2$s has CACHE %3$d: a session could use one that it keeps in stock long after higher ones were read, and whatever reads %4$s in their order would miss some or take them out of order. Do ALTER SEQUENCE %1$s CACHE 1, and connect the writers anew"
              .formatted(sequence, table.numbers(), cache, table.rows()));
    }
    if (increment <= 0) {
      faults.add(
          "the sequence %1$s of %2$s has INCREMENT %3$d: later %4$s would come before earlier ones. Do ALTER SEQUENCE %1$s INCREMENT 1, and see that it goes on above the highest %5$s"
              .formatted(sequence, table.numbers(), increment, table.rows(), table.number()));
    }
    if (cycles) {
      faults.add(
          "the sequence %1$s of %2$s has CYCLE: it would begin anew with numbers that %3$s have. Do ALTER SEQUENCE %1$s NO CYCLE"
              .formatted(sequence, table.numbers(), table.rows()));
    }
    return faults;
  }

  private static String withoutSequence(
      String numbers,
      String table,
      String column,
      @Nullable String filledBy,
      @Nullable String triggers) {
    return "the column %s of %s is filled by %s, and it can't be told whether %s rise one by one. Give it nextval of a sequence with CACHE 1 as its default: ALTER TABLE %2$s ALTER %1$s SET DEFAULT nextval('…'::regclass)"
        .formatted(
            column,
            table,
            filledBy != null
                ? filledBy
                : triggers != null
                    ? "no default; by one of the triggers " + triggers + " perhaps"
                    : "no default",
            numbers);
  }
}
