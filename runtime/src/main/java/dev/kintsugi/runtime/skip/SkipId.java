package dev.kintsugi.runtime.skip;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names a skip record within its projection, as in "3-1234".
 *
 * @param ordering the event's, of which a generation has one record at the most
 */
public record SkipId(int generation, long ordering) {

  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})-(\\d{1,18})");

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static SkipId parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' names no skip record; that would be GENERATION-ORDERING, as in 3-1234");
    }
    return new SkipId(Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2)));
  }

  @Override
  public String toString() {
    return generation + "-" + ordering;
  }
}
