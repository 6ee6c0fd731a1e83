package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.ColumnType;
import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.bulk.IndexBound;
import dev.kintsugi.projections.internal.bulk.Names;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Holds the tables that rows and folds declare against those that a script really made. Some can't
 * be written to rightly at all, and are refused. Others can, but only in the events' order: where
 * the database judges, or changes, more than the row that an event comes to, what events come to
 * would depend on how they are grouped.
 */
final class MadeAsDeclared {

  /** As PostgreSQL writes a default of 0, and no 0.00. */
  private static final Pattern ZERO = Pattern.compile("\\(?'?0'?\\)?(::[a-z ]+)?");

  private static final String DATATYPE_MISMATCH = "42804";

  private final Projection<?> projection;
  private final List<DeclaredTable> allDeclared;
  private final List<MadeTable> made;

  MadeAsDeclared(Projection<?> projection, List<MadeTable> made) {
    this.projection = projection;
    this.allDeclared = SharedSecrets.definitionOf(projection).script().declared();
    this.made = made;
  }

  /**
   * Refuses what no event could be written to rightly.
   *
   * @throws SchemaException if a declared table or column is not there or takes no value, if keys
   *     that differ in Java are equal in the database, or if rows can't be inserted
   */
  void refuseUnfit() {
    for (MadeTable table : made) {
      if (table.unlogged()) {
        throw refusal(
            table.name(),
            "is UNLOGGED, or has a partition that is: a crash of the server empties it, and the read model would be wrong without a word",
            "Leave UNLOGGED out, and ALTER TABLE %s SET LOGGED".formatted(table.name()));
      }
    }
    for (DeclaredTable declared : allDeclared) {
      MadeTable table =
          find(declared)
              .orElseThrow(
                  () ->
                      refusal(
                          declared.name(),
                          "is declared, and not made",
                          "Made: %s. Make it in the script, by its unqualified name, or declare it no longer"
                              .formatted(made.stream().map(MadeTable::name).toList())));
      for (Column key : declared.key()) {
        refuseKey(declared, key, column(declared, table, key));
      }
      declared.values().forEach(value -> column(declared, table, value));
      refuseOtherKey(declared, table);
      refuseRequired(declared, table);
    }
  }

  private MadeTable.Column column(DeclaredTable declared, MadeTable table, Column column) {
    MadeTable.Column found =
        table
            .column(column.name())
            .orElseThrow(
                () ->
                    refusal(
                        declared.name(),
                        "has no column '%s', which is declared as %s"
                            .formatted(column.name(), column.type().sql()),
                        "Found: %s. Add it to the script, and raise the projection's .version(n) if it is built already"
                            .formatted(describe(table))));
    if (found.generatedAlways()) {
      throw refusal(
          declared.name(),
          "has a column '%s' that is GENERATED ALWAYS, and declared as one that events fill"
              .formatted(column.name()),
          "Let it be filled in one way only");
    }
    return found;
  }

  /** Of a key, what Java takes for different has to be different in the database, and the same. */
  private void refuseKey(DeclaredTable declared, Column key, MadeTable.Column found) {
    boolean isText = key.type() == ColumnType.TEXT;
    boolean fits =
        isText
            ? found.distinct()
                && baseOf(found.type()).matches("text|character varying(\\(\\d+\\))?")
            : found.type().equals(typeOf(key));
    if (!fits) {
      throw refusal(
          declared.name(),
          "has the key column '%s' as %s%s, declared as %s: keys that differ in the one may be equal in the other"
              .formatted(
                  key.name(),
                  found.type(),
                  found.distinct() ? "" : " (of a nondeterministic collation)",
                  key.type().sql()),
          isText
              ? "Make it text, with a deterministic collation, and bring keys into one form (lower case, trimmed) in the projection"
              : "Make it %s in the script, or declare what the script makes"
                  .formatted(typeOf(key)));
    }
  }

  /**
   * Refuses columns that can't be assigned a value of the declared type. The database itself says
   * so, and runs nothing.
   */
  void refuseUnassignable(Connection connection) throws SQLException {
    for (DeclaredTable declared : allDeclared) {
      MadeTable table = find(declared).orElseThrow();
      for (Column column : declared.columns()) {
        String found = column(declared, table, column).type();
        if (!found.equals(typeOf(column)) && !isAssignable(connection, declared, column)) {
          throw refusal(
              declared.name(),
              "has column '%s' as %s, which takes no %s, as it is declared"
                  .formatted(column.name(), found, column.type().sql()),
              "Make it %s in the script, or declare what can be assigned to %s"
                  .formatted(typeOf(column), found));
        }
      }
    }
  }

  private static boolean isAssignable(Connection connection, DeclaredTable declared, Column column)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "EXPLAIN INSERT INTO %s (%s) SELECT NULL::%s"
              .formatted(Names.quoted(declared.name()), column.quoted(), column.type().sql()));
      return true;
    } catch (SQLException e) {
      if (SqlStates.of(e).filter(DATATYPE_MISMATCH::equals).isPresent()) {
        return false;
      }
      throw e;
    }
  }

  private void refuseOtherKey(DeclaredTable declared, MadeTable table) {
    Set<String> key = declared.key().stream().map(Column::name).collect(Collectors.toSet());
    if (!table.primaryKey().equals(key)) {
      throw refusal(
          declared.name(),
          table.primaryKey().isEmpty()
              ? "has no primary key (or a deferrable one)"
              : "has the primary key " + table.primaryKey().stream().sorted().toList(),
          "Rows are found by the declared key: make it PRIMARY KEY (%s)"
              .formatted(
                  declared.key().stream().map(Column::name).collect(Collectors.joining(", "))));
    }
  }

  private void refuseRequired(DeclaredTable declared, MadeTable table) {
    Set<String> known = namesOf(declared.columns());
    table.columns().stream()
        .filter(column -> !known.contains(column.name()) && column.isRequired())
        .findFirst()
        .ifPresent(
            column -> {
              throw refusal(
                  declared.name(),
                  "has a column '%s' %s NOT NULL without a default, which is not declared, so that no row could be inserted"
                      .formatted(column.name(), column.type()),
                  "Declare it, or give it a default");
            });
  }

  /** How they have to be written, with the reasons. */
  record Judgement(Writing writing, List<String> reasons) {}

  /** Says how they have to be written. */
  Judgement judge() {
    List<String> reasons = new ArrayList<>();
    List<IndexBound> bounds = new ArrayList<>();
    for (DeclaredTable declared : allDeclared) {
      find(declared)
          .ifPresent(
              table -> {
                IndexedValues indexed = new IndexedValues(declared, table);
                reasons.addAll(reasons(declared, table, indexed));
                bounds.addAll(indexed.bounds());
              });
    }
    List<String> deferred =
        made.stream().flatMap(table -> table.deferred().stream()).distinct().toList();
    return new Judgement(new Writing(!reasons.isEmpty(), deferred, bounds), reasons);
  }

  private static List<String> reasons(
      DeclaredTable declared, MadeTable table, IndexedValues indexed) {
    List<String> reasons = new ArrayList<>(table.rules());
    reasons.addAll(indexed.reasons());
    Set<String> summed = namesOf(declared.summed());
    Set<String> extreme = namesOf(declared.extreme());
    Set<String> set = namesOf(declared.set());
    for (Column column : declared.columns()) {
      table
          .column(column.name())
          .filter(found -> !found.type().equals(typeOf(column)))
          .ifPresent(
              found ->
                  reasons.add(
                      "column '%s' of type %s, declared as %s"
                          .formatted(column.name(), found.type(), column.type().sql())));
    }
    for (MadeTable.Column column : table.columns()) {
      String name = column.name();
      boolean hasDefault = column.byDefault() != null;
      if (column.generated()) {
        reasons.add("the generated column '%s'".formatted(name));
      } else if (column.numbered()) {
        reasons.add("column '%s', which numbers the rows".formatted(name));
      } else if (set.contains(name) && column.notNull()) {
        reasons.add("column '%s', which is NOT NULL".formatted(name));
      } else if (extreme.contains(name) && (column.notNull() || hasDefault)) {
        reasons.add(
            "column '%s', a least or greatest value with a default or NOT NULL".formatted(name));
      } else if (summed.contains(name) && !isCounter(column)) {
        reasons.add("column '%s', a counter that is not NOT NULL DEFAULT 0".formatted(name));
      }
    }
    return reasons.stream().map(reason -> "table " + table.name() + " has " + reason).toList();
  }

  /** One that begins from 0 whether or not the event that makes its row adds to it. */
  private static boolean isCounter(MadeTable.Column column) {
    String byDefault = column.byDefault();
    return byDefault == null
        ? !column.notNull()
        : column.notNull() && ZERO.matcher(byDefault).matches();
  }

  private Optional<MadeTable> find(DeclaredTable declared) {
    return made.stream()
        .filter(
            table ->
                table.name().equals(declared.name())
                    || table.name().equals(Names.quoted(declared.name())))
        .findFirst();
  }

  private static Set<String> namesOf(List<Column> columns) {
    return new HashSet<>(columns.stream().map(Column::name).toList());
  }

  /** A declared type as the catalog writes it. */
  static String typeOf(Column column) {
    return switch (column.type()) {
      case TIMESTAMP -> "timestamp without time zone";
      case TIMESTAMPTZ -> "timestamp with time zone";
      default -> column.type().sql();
    };
  }

  /** A type without its collation. */
  private static String baseOf(String type) {
    int collation = type.indexOf(" COLLATE ");
    return collation < 0 ? type : type.substring(0, collation);
  }

  private static String describe(MadeTable table) {
    return table.columns().stream()
        .map(column -> column.name() + " " + column.type())
        .collect(Collectors.joining(", "));
  }

  private SchemaException refusal(String table, String what, String remedy) {
    return new SchemaException(
        "table %s of projection '%s' (script %s) %s. %s."
            .formatted(table, projection.name(), projection.tables().source(), what, remedy));
  }
}
