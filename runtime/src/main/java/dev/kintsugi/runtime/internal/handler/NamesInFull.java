package dev.kintsugi.runtime.internal.handler;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A statement that names a table of the read model with its schema, as far as its text tells. A
 * handler that applies to a generation with a place would write to another generation by it, to the
 * one that readers see.
 */
final class NamesInFull {

  private static final Pattern MAKES_TABLE =
      Pattern.compile(
          "\\bCREATE\\s+(?:UNLOGGED\\s+)?TABLE\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(\"[^\"]+\"|\\w+)",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern NOTHING = Pattern.compile("(?!)");

  private final Pattern pattern;

  private NamesInFull(Pattern pattern) {
    this.pattern = pattern;
  }

  /** Of the tables that a script makes. */
  static NamesInFull of(String script) {
    List<String> tables = new ArrayList<>();
    Matcher table = MAKES_TABLE.matcher(script);
    while (table.find()) {
      tables.add(table.group(1).replace("\"", ""));
    }
    if (tables.isEmpty()) {
      return new NamesInFull(NOTHING);
    }
    String any = tables.stream().map(Pattern::quote).collect(Collectors.joining("|"));
    return new NamesInFull(
        Pattern.compile(
            "\\b(?:INTO|UPDATE|FROM|JOIN|TABLE|TRUNCATE|ONLY|USING|COPY)\\s+(?:\"[^\"]+\"|\\w+)\\s*\\.\\s*\"?(?:"
                + any
                + ")\\b",
            Pattern.CASE_INSENSITIVE));
  }

  /**
   * Refuses a statement that names one of them so.
   *
   * @throws IllegalStateException with what to do
   */
  void refuse(String sql) {
    if (pattern.matcher(sql).find()) {
      throw new IllegalStateException(
          "the statement '%s' is refused: it names a table of the read model with its schema, and there are several generations of it, each in a schema of its own. Name the table without a schema: the handler then finds the one of the generation that it is called for."
              .formatted(sql.strip()));
    }
  }
}
