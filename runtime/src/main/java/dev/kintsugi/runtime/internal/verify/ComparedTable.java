package dev.kintsugi.runtime.internal.verify;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A table of a read model, and its copy.
 *
 * @param oid the table's
 * @param name with its schema, quoted
 * @param copy the temporary table of the same name, quoted
 * @param key the columns of its primary key
 * @param columns those that the events alone decide, in the table's order
 * @param filled those that the database may fill by itself: from a sequence, a clock, at random
 * @param obstacles why it can't be compared at all, in sentences; empty if it can
 * @param doubts why rows that differ may be right nevertheless, in sentences; empty if they can't
 */
record ComparedTable(
    long oid,
    String name,
    String copy,
    List<String> key,
    List<String> columns,
    List<String> filled,
    List<String> obstacles,
    List<String> doubts) {

  ComparedTable {
    key = List.copyOf(key);
    columns = List.copyOf(columns);
    filled = List.copyOf(filled);
    obstacles = List.copyOf(obstacles);
    doubts = List.copyOf(doubts);
  }

  /** The same, of which more is in doubt. */
  ComparedTable doubting(List<String> more) {
    List<String> all = new ArrayList<>(doubts);
    all.addAll(more);
    return new ComparedTable(oid, name, copy, key, columns, filled, obstacles, all);
  }

  /** Makes the copy: columns, defaults, checks, keys, indexes; foreign keys are added later. */
  String ddlOfCopy() {
    return "CREATE TEMP TABLE %s (LIKE %s INCLUDING ALL)".formatted(copy, name);
  }

  /**
   * All rows of the table, or of its copy, in an order that is the same for both: a hash, the row,
   * its key, what the database filled, and where it lies. The row is the text that the types' own
   * output functions make. JSON would not do: it takes a JSON null for an SQL one, -0.0 for 0, and
   * a document for another one that is spelled otherwise.
   */
  String rows(String table) {
    return """
        SELECT md5(r.events_say) COLLATE "C", r.events_say, r.key, r.filled, r.ctid::text, r.tableoid
        FROM (SELECT ROW(%s)::text AS events_say, %s AS key, ARRAY[%s]::text[] AS filled,
            kintsugi_row.ctid, kintsugi_row.tableoid
          FROM %s AS kintsugi_row) r
        ORDER BY 1, r.events_say COLLATE "C", r.filled COLLATE "C"
        """
        .formatted(
            list(columns, ""),
            isKeyCompared() ? "jsonb_build_array(" + list(key, "") + ")::text" : "NULL",
            list(filled, "::text"),
            table);
  }

  /** A row in full as JSON, for people, by where it lies. */
  static String rowForPeople(String table) {
    return "SELECT to_jsonb(kintsugi_row.*)::text FROM %s AS kintsugi_row WHERE kintsugi_row.ctid = ?::tid AND kintsugi_row.tableoid = ?::oid"
        .formatted(table);
  }

  /** Whether a row and its copy have the same key. */
  private boolean isKeyCompared() {
    return !key.isEmpty() && key.stream().noneMatch(filled::contains);
  }

  private static String list(List<String> columns, String cast) {
    return columns.stream()
        .map(column -> "kintsugi_row." + quoted(column) + cast)
        .collect(Collectors.joining(", "));
  }

  static String quoted(String column) {
    return '"' + column.replace("\"", "\"\"") + '"';
  }
}
