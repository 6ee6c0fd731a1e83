package dev.kintsugi.examples.history;

import picocli.CommandLine.TypeConversionException;

/**
 * How much of a history to import.
 *
 * @param events at the most
 */
record EventLimit(long events) {

  /** All of it. */
  static final EventLimit NONE = new EventLimit(Long.MAX_VALUE);

  /**
   * Reads a number, or "all".
   *
   * @throws TypeConversionException if it is neither
   */
  static EventLimit parse(String text) {
    if (text.equals("all")) {
      return NONE;
    }
    if (!text.matches("[1-9][0-9]{0,11}")) {
      throw new TypeConversionException("expected a number from 1, or all, found '" + text + "'");
    }
    return new EventLimit(Long.parseLong(text));
  }
}
