package dev.kintsugi.runtime.status;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names a supervisor: a projection in a version. While an application is upgraded, nodes have
 * different ones, and each is hosted where it is known.
 */
public record HostedProjection(String projection, int version) {

  private static final Pattern TEXT = Pattern.compile("(.+)-(\\d{1,9})");

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static HostedProjection parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' names no projection in a version");
    }
    return new HostedProjection(matcher.group(1), Integer.parseInt(matcher.group(2)));
  }

  @Override
  public String toString() {
    return projection + "-" + version;
  }
}
