package dev.kintsugi.examples.history.audit;

import java.util.List;
import java.util.Optional;

/**
 * What is compared of a table.
 *
 * @param key the column that tells rows apart
 * @param columns all others; one of them is {@link #CHANGES}
 * @param countedAt the key of the row that counts every event once; if there is none, every event
 *     is counted in exactly one row, and it takes all of them
 */
record Shape(String table, String key, List<String> columns, Optional<String> countedAt) {

  /** The column that counts events. */
  static final String CHANGES = "changes";

  static final Shape FILES =
      new Shape(
          "files",
          "path",
          List.of("present", CHANGES, "last_author", "last_change_at"),
          Optional.empty());

  /** A change of one file changes many directories, but always the root, whose path is empty. */
  static final Shape DIRECTORIES =
      new Shape("directories", "path", List.of(CHANGES, "files"), Optional.of(""));

  static final Shape AUTHORS =
      new Shape(
          "authors",
          "key",
          List.of(CHANGES, "first_change_at", "last_change_at"),
          Optional.empty());

  boolean counts(String key) {
    return countedAt.map(key::equals).orElse(true);
  }
}
