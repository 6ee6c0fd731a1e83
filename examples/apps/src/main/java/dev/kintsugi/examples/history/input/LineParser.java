package dev.kintsugi.examples.history.input;

import dev.kintsugi.examples.common.BadInputException;
import java.time.Instant;

/** Turns fields into a {@link HistoryLine}; what it refuses it names, with the line's place. */
final class LineParser {

  private static final int FIELDS = 5;

  /** The last second of the year 9999. */
  private static final long LAST_SECOND = 253_402_300_799L;

  private final String source;

  /**
   * @param source where the lines come from, for messages
   */
  LineParser(String source) {
    this.source = source;
  }

  /** A line of the packed format: commit, commit time, author, kind and path, tabs between them. */
  HistoryLine packed(int number, String line) throws BadInputException {
    String[] fields = line.split("\t", -1);
    if (fields.length != FIELDS) {
      throw malformed(
          number,
          FIELDS + " fields with tabs between them (commit, commit time, author, kind, path)",
          Integer.toString(fields.length));
    }
    return fields(number, fields[0], fields[1], fields[2], fields[3], fields[4]);
  }

  HistoryLine fields(
      int number, String commit, String committedAt, String author, String kind, String path)
      throws BadInputException {
    return new HistoryLine(
        text(number, "a commit", commit),
        time(number, committedAt),
        text(number, "an author", author),
        kind(number, kind),
        path(number, path));
  }

  /** An error that names the source, the line, what was expected there and what was found. */
  BadInputException malformed(int number, String expected, String found) {
    return new BadInputException(
        "%s, line %d: expected %s, found %s".formatted(source, number, expected, found));
  }

  private String text(int number, String expected, String field) throws BadInputException {
    if (field.isEmpty()) {
      throw malformed(number, expected, "nothing");
    }
    if (field.indexOf('\0') >= 0) {
      throw malformed(number, expected, "text with a NUL in it");
    }
    return field;
  }

  private Instant time(int number, String field) throws BadInputException {
    if (field.matches("[0-9]{1,12}") && Long.parseLong(field) <= LAST_SECOND) {
      return Instant.ofEpochSecond(Long.parseLong(field));
    }
    throw malformed(
        number, "the commit time in seconds since 1970, up to the year 9999", "'" + field + "'");
  }

  private ChangeKind kind(int number, String field) throws BadInputException {
    return ChangeKind.ofLetter(field)
        .orElseThrow(() -> malformed(number, "one of the kinds A, M, D and T", "'" + field + "'"));
  }

  private String path(int number, String field) throws BadInputException {
    String path =
        QuotedPath.unquote(field)
            .orElseThrow(
                () ->
                    malformed(
                        number,
                        "a path in quotes to end with a quote and to have git's escapes in it",
                        field));
    if (path.startsWith("/") || path.endsWith("/") || path.contains("//")) {
      throw malformed(number, "a path from the repository's root", "'" + path + "'");
    }
    return text(number, "a path", path);
  }
}
