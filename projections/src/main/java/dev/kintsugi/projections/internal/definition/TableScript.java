package dev.kintsugi.projections.internal.definition;

import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.bulk.Names;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What makes the tables of a read model, as the runtime runs it.
 *
 * @param source where the script comes from, for error messages
 * @param ddl the script, any number of SQL statements
 * @param indexes what a rebuild drops before its bulk load, and builds after it
 * @param declared the tables that the runtime writes to by itself; none if a handler does
 */
public record TableScript(
    String source, String ddl, List<Index> indexes, List<DeclaredTable> declared) {

  public TableScript {
    indexes = List.copyOf(indexes);
    declared = List.copyOf(declared);
  }

  /**
   * An index.
   *
   * @param name its name, quoted
   * @param ddl its CREATE INDEX IF NOT EXISTS
   */
  public record Index(String name, String ddl) {

    /** An index on some columns of a table, all of them checked names. */
    private static Index on(String table, List<String> columns) {
      String name = Names.quoted(Names.fitting(table + "_" + String.join("_", columns) + "_idx"));
      return new Index(
          name,
          "CREATE INDEX IF NOT EXISTS %s ON %s (%s);\n"
              .formatted(
                  name,
                  Names.quoted(table),
                  columns.stream().map(Names::quoted).collect(Collectors.joining(", "))));
    }

    /** The indexes of a table, given the columns of each. */
    public static List<Index> allOn(String table, List<List<String>> indexes) {
      return indexes.stream().map(columns -> on(table, columns)).toList();
    }
  }
}
