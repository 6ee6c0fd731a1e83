package dev.kintsugi.examples.history.display;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many columns the terminal has. Java can't tell; {@code stty} can, on all that has ANSI. */
final class TerminalWidth {

  private static final int USUAL = 80;

  /** Rows and columns; a terminal that doesn't know says 0 0. */
  private static final Pattern SIZE = Pattern.compile("\\d+ ([1-9]\\d{0,5})");

  private TerminalWidth() {}

  static int measure() {
    return size().map(TerminalWidth::columns).orElse(USUAL);
  }

  static int columns(String size) {
    Matcher matcher = SIZE.matcher(size);
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : USUAL;
  }

  private static Optional<String> size() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(Redirect.INHERIT)
              .redirectError(Redirect.DISCARD)
              .start();
      try (BufferedReader output = stty.inputReader(StandardCharsets.US_ASCII)) {
        return Optional.ofNullable(output.readLine());
      }
    } catch (IOException noSuchProgram) {
      return Optional.empty();
    }
  }
}
