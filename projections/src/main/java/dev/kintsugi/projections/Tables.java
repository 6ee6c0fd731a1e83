package dev.kintsugi.projections;

import dev.kintsugi.projections.bulk.DeclaredTable;
import dev.kintsugi.projections.bulk.Names;
import dev.kintsugi.projections.fold.Fold;
import dev.kintsugi.projections.rows.RowTable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The DDL of a read model, with unqualified names. The runtime runs it, finds out which tables it
 * makes by running it once in a schema that is rolled back, and truncates just these at a rebuild.
 *
 * <p>Where a projection's version is raised, its rebuild drops the tables that the older version
 * made, and the script's own views, and runs the script anew. What else a script makes stays: let
 * it make sequences and types IF NOT EXISTS, and functions OR REPLACE. A view of others over a
 * table keeps that from being dropped: the rebuild is refused until somebody has dropped the view.
 *
 * @param source where the script comes from, for error messages
 * @param ddl the script, any number of SQL statements
 * @param indexes what a rebuild drops before its bulk load, and builds after it
 * @param declared the tables that the runtime writes to by itself; none if a handler does
 */
public record Tables(String source, String ddl, List<Index> indexes, List<DeclaredTable> declared) {

  public Tables {
    indexes = List.copyOf(indexes);
    declared = List.copyOf(declared);
    if (ddl.isBlank()) {
      throw new IllegalArgumentException("the table script " + source + " is empty");
    }
  }

  /** A script, all of whose indexes stay in a rebuild. */
  public Tables(String source, String ddl) {
    this(source, ddl, List.of(), List.of());
  }

  /** The same script, for tables that are declared as these. */
  Tables declaring(List<RowTable> tables) {
    return new Tables(source, ddl, indexes, tables.stream().map(RowTable::declared).toList());
  }

  /**
   * An index.
   *
   * @param name its name, quoted
   * @param ddl its CREATE INDEX IF NOT EXISTS
   */
  public record Index(String name, String ddl) {

    /** An index on some columns of a table, all of them checked names. */
    static Index on(String table, List<String> columns) {
      String name = Names.quoted(Names.fitting(table + "_" + String.join("_", columns) + "_idx"));
      return new Index(
          name,
          "CREATE INDEX IF NOT EXISTS %s ON %s (%s);\n"
              .formatted(
                  name,
                  Names.quoted(table),
                  columns.stream().map(Names::quoted).collect(Collectors.joining(", "))));
    }
  }

  /** A script given as text. */
  public static Tables sql(String ddl) {
    return new Tables("(inline SQL)", ddl);
  }

  /** The script of a fold's table. */
  static Tables of(Fold<?, ?> fold) {
    return new Tables(
        "of the fold into " + fold.table(),
        fold.ddl(),
        indexes(fold.table(), fold.indexes()),
        List.of(fold.declared()));
  }

  /** The script of rows' tables. */
  static Tables of(List<RowTable> tables) {
    return new Tables(
        "of the rows in " + tables.stream().map(RowTable::name).toList(),
        tables.stream().map(RowTable::ddl).collect(Collectors.joining()),
        tables.stream().flatMap(table -> indexes(table.name(), table.indexes()).stream()).toList(),
        tables.stream().map(RowTable::declared).toList());
  }

  private static List<Index> indexes(String table, List<List<String>> indexes) {
    return indexes.stream().map(columns -> Index.on(table, columns)).toList();
  }

  /**
   * A script from the class path.
   *
   * @throws IllegalArgumentException if there is no such resource
   */
  public static Tables resource(String resource, @Nullable ClassLoader loader) {
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(resource)
            : loader.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException(
            "there is no table script '" + resource + "' on the class path");
      }
      return new Tables(resource, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("the table script " + resource + " can't be read", e);
    }
  }
}
