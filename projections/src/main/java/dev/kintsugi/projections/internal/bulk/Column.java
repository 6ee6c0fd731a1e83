package dev.kintsugi.projections.internal.bulk;

/** A declared column. */
public record Column(String name, ColumnType type) {

  public Column {
    Names.checked(name, "a column");
  }

  /** A column, its type by PostgreSQL's name. */
  public static Column of(String name, String type) {
    return new Column(name, ColumnType.named(type));
  }

  /** The name in double quotes. */
  public String quoted() {
    return Names.quoted(name);
  }

  /** As in a CREATE TABLE, with no constraint. */
  public String ddl() {
    return quoted() + " " + type.sql();
  }
}
