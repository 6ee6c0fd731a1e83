package dev.kintsugi.examples.history.input;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A path as git prints it. One with a control character, a quote or a backslash in it stands in
 * double quotes, with escapes like C's; so does one with a byte above 127, unless {@code
 * core.quotePath} is off.
 */
final class QuotedPath {

  private static final String ESCAPES = "abfnrtv\"\\";
  private static final byte[] ESCAPED = {7, 8, '\f', '\n', '\r', '\t', 11, '"', '\\'};

  private QuotedPath() {}

  /**
   * The path itself: one that is not quoted is returned as it is.
   *
   * @return empty if the quoting is broken
   */
  static Optional<String> unquote(String printed) {
    if (!printed.startsWith("\"")) {
      return Optional.of(printed);
    }
    if (printed.length() < 2 || !printed.endsWith("\"")) {
      return Optional.empty();
    }
    return unescape(printed.substring(1, printed.length() - 1).getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<String> unescape(byte[] text) {
    ByteArrayOutputStream path = new ByteArrayOutputStream(text.length);
    int at = 0;
    while (at < text.length) {
      if (text[at] != '\\') {
        path.write(text[at]);
        at++;
      } else if (isOctal(text, at + 1)) {
        path.write(Integer.parseInt(new String(text, at + 1, 3, StandardCharsets.US_ASCII), 8));
        at += 4;
      } else {
        int escape = at + 1 < text.length ? ESCAPES.indexOf(text[at + 1]) : -1;
        if (escape < 0) {
          return Optional.empty();
        }
        path.write(ESCAPED[escape]);
        at += 2;
      }
    }
    return Optional.of(path.toString(StandardCharsets.UTF_8));
  }

  private static boolean isOctal(byte[] text, int at) {
    return at + 3 <= text.length
        && text[at] >= '0'
        && text[at] <= '3'
        && text[at + 1] >= '0'
        && text[at + 1] <= '7'
        && text[at + 2] >= '0'
        && text[at + 2] <= '7';
  }
}
