package dev.kintsugi.runtime.jdbc;

import java.util.regex.Pattern;

/**
 * Names of tables and columns that an application's configuration gives, quoted for SQL. Nothing
 * else from outside is ever a part of a statement's text.
 */
public final class Identifiers {

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]{0,62}");

  private Identifiers() {}

  /**
   * An identifier in double quotes.
   *
   * @param section the configuration's section that names it, for the error
   * @throws IllegalArgumentException if it is no plain identifier
   */
  public static String quoted(String identifier, String section) {
    if (!PLAIN.matcher(identifier).matches()) {
      throw new IllegalArgumentException(
          "'%s' in the section %s is no plain SQL identifier (%s)"
              .formatted(identifier, section, PLAIN.pattern()));
    }
    return '"' + identifier + '"';
  }

  /** A table in its schema; just the table if the schema is empty. */
  public static String qualified(String schema, String table, String section) {
    return schema.isEmpty()
        ? quoted(table, section)
        : quoted(schema, section) + "." + quoted(table, section);
  }
}
