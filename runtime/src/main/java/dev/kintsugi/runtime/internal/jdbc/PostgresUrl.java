package dev.kintsugi.runtime.internal.jdbc;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.Driver;

/**
 * Where a PostgreSQL database is, read from a JDBC URL. A password may stand in such a URL, and
 * where people err, it stands in the wrong place: before an {@code @}, after a {@code ;}, in the
 * URL of another driver. So this is stricter than the driver, which prints what it can't read: what
 * is accepted here has a password nowhere but in its parameters, and of what is not accepted
 * nothing is ever printed but the scheme.
 */
public final class PostgresUrl {

  private static final String PREFIX = "jdbc:postgresql:";

  /** 1 to 65535: the driver prints one that is not. */
  private static final String PORT =
      "(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";

  private static final String ADDRESS = "(?:[\\w.-]*|\\[[\\w:.%]+\\])(?::" + PORT + ")?";

  /** Hosts with their ports and a database, or none of these; or a database alone. */
  private static final Pattern LOCATION =
      Pattern.compile(
          "//(?:%1$s(?:,%1$s)*/(?<database>[^/]*))?|(?<alone>[^/]*)".formatted(ADDRESS),
          Pattern.UNICODE_CHARACTER_CLASS);

  /** What a database's name may not have: it is a sign of something else. */
  private static final Pattern NO_NAME = Pattern.compile("[;&=@:/?#%]");

  private static final Pattern PARAMETER = Pattern.compile("([A-Za-z][\\w.]*)(?:=(.*))?");
  private static final Pattern SECRET =
      Pattern.compile("pass|secret|token|key", Pattern.CASE_INSENSITIVE);

  /** What is only in the value of who takes another character than {@code &} for the separator. */
  private static final Pattern NO_VALUE =
      Pattern.compile(";|(?:pass\\w*|pwd)\\s*=", Pattern.CASE_INSENSITIVE);

  private static final Pattern SCHEME =
      Pattern.compile("((?:jdbc:)?[A-Za-z][A-Za-z0-9+]{1,19}:)//.*");

  private final String location;
  private final Properties properties;

  private PostgresUrl(String location, Properties properties) {
    this.location = location;
    this.properties = properties;
  }

  /**
   * Reads a URL.
   *
   * @throws IllegalArgumentException if it can't be read, with what is wrong and without any part
   *     of the URL that might be secret
   */
  public static PostgresUrl of(String url) {
    if (!url.startsWith(PREFIX)) {
      throw unreadable(url, "it must begin with " + PREFIX);
    }
    int question = url.indexOf('?');
    String location = question < 0 ? url : url.substring(0, question);
    refuseLocation(url, location.substring(PREFIX.length()));
    if (question >= 0) {
      for (String parameter : url.substring(question + 1).split("&", -1)) {
        refuseParameter(url, parameter);
      }
    }
    Properties properties = Driver.parseURL(url, null);
    if (properties == null) {
      throw unreadable(url, "PostgreSQL's driver can't read it");
    }
    return new PostgresUrl(location, properties);
  }

  private static void refuseLocation(String url, String location) {
    Matcher matcher = LOCATION.matcher(location);
    if (!matcher.matches()) {
      throw unreadable(url, "what is between " + PREFIX + " and a ? is not //host:port/database");
    }
    String database = matcher.group("database");
    String alone = matcher.group("alone");
    String name = database != null ? database : alone != null ? alone : "";
    if (NO_NAME.matcher(decoded(url, name)).find()) {
      throw unreadable(url, "the name of the database has one of these in it: ; & = @ : / ? # %");
    }
  }

  private static void refuseParameter(String url, String parameter) {
    if (parameter.isEmpty()) {
      return;
    }
    Matcher matcher = PARAMETER.matcher(parameter);
    if (!matcher.matches()) {
      throw unreadable(url, "a parameter is not name=value");
    }
    String value = matcher.group(2) == null ? "" : decoded(url, matcher.group(2));
    if (!SECRET.matcher(matcher.group(1)).find() && NO_VALUE.matcher(value).find()) {
      throw unreadable(url, "the value of a parameter seems to hold another parameter");
    }
  }

  private static String decoded(String url, String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw unreadable(url, "a % in it is not followed by two hexadecimal digits");
    }
  }

  private static IllegalArgumentException unreadable(String url, String why) {
    return new IllegalArgumentException(
        "%s is no URL of a PostgreSQL database: %s. It has to be as jdbc:postgresql://host:port/database?user=name&password=word, where several hosts are separated by commas, parameters by &, and other characters than letters and digits are percent-encoded; user and password are better given apart from it."
            .formatted(scheme(url), why));
  }

  /**
   * A URL without anything secret, whether it can be read or not: hosts, ports and database of one
   * that can, and the scheme of another.
   */
  public static String forPeople(String url) {
    try {
      return of(url).toString();
    } catch (IllegalArgumentException e) {
      return scheme(url);
    }
  }

  private static String scheme(String url) {
    if (url.startsWith(PREFIX)) {
      return PREFIX + "…";
    }
    Matcher scheme = SCHEME.matcher(url);
    return scheme.matches()
        ? scheme.group(1).toLowerCase(Locale.ROOT) + "//…"
        : "what is given (and not repeated here, as it may hold a password)";
  }

  /** What the driver makes of it: hosts, ports, database and parameters. The caller's own copy. */
  Properties properties() {
    Properties copy = new Properties();
    copy.putAll(properties);
    return copy;
  }

  /** Hosts, ports and database. */
  @Override
  public String toString() {
    return location;
  }
}
