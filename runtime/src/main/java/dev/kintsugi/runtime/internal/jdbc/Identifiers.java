package dev.kintsugi.runtime.internal.jdbc;

import java.nio.charset.StandardCharsets;

/**
 * Names of tables and columns that an application's configuration gives, quoted for SQL. Nothing
 * else from outside is ever a part of a statement's text.
 */
public final class Identifiers {

  /** PostgreSQL cuts longer ones, and would so find another table. */
  private static final int LONGEST_IN_BYTES = 63;

  private Identifiers() {}

  /**
   * An identifier in double quotes; those in it are doubled. So it is taken as it is written, with
   * its letters' case.
   *
   * @param section the configuration's section that names it, for the error
   * @throws IllegalArgumentException if PostgreSQL has no such identifiers: it is empty, is longer
   *     than 63 bytes of UTF-8, or contains a NUL
   */
  public static String quoted(String identifier, String section) {
    if (identifier.isEmpty()) {
      throw new IllegalArgumentException("A name in the section %s is empty".formatted(section));
    }
    if (identifier.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "'%s' in the section %s contains a NUL, which no name in PostgreSQL can"
              .formatted(identifier.replace("\0", "\\0"), section));
    }
    int bytes = identifier.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > LONGEST_IN_BYTES) {
      throw new IllegalArgumentException(
          "'%s' in the section %s has %d bytes of UTF-8; PostgreSQL's names have at most %d"
              .formatted(identifier, section, bytes, LONGEST_IN_BYTES));
    }
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  /** A table in its schema; just the table if the schema is empty. */
  public static String qualified(String schema, String table, String section) {
    return schema.isEmpty()
        ? quoted(table, section)
        : quoted(schema, section) + "." + quoted(table, section);
  }
}
