package dev.kintsugi.projections.internal.bulk;

import java.util.regex.Pattern;

/** Names of tables and columns that an author declares: they become a part of SQL. */
public final class Names {

  private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  private static final int LONGEST = 63;

  private Names() {}

  /**
   * The name, if it is one.
   *
   * @param what what it names, for the error
   * @throws IllegalArgumentException if it is none
   */
  public static String checked(String name, String what) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "'%s' is no name for %s: it takes a lower-case letter or underscore, then up to 62 lower-case letters, digits and underscores (%s)"
              .formatted(name, what, NAME.pattern()));
    }
    return name;
  }

  /**
   * A name that is made of others, cut to the length that PostgreSQL takes; what is cut off leaves
   * its hash.
   */
  public static String fitting(String made) {
    return made.length() <= LONGEST
        ? made
        : made.substring(0, LONGEST - 9) + "_" + "%08x".formatted(made.hashCode());
  }

  /** A checked name in double quotes, as it may be a word of SQL's. */
  public static String quoted(String checked) {
    return '"' + checked + '"';
  }
}
