package dev.kintsugi.examples.bench.server;

import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.runtime.internal.jdbc.PostgresUrl;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Where a database is, and who connects.
 *
 * @param user empty if the URL, or the driver's defaults, say who
 * @param password is in no {@link #toString()}
 */
public record Login(String url, String user, String password) {

  /** Up to the database's name; the name; the parameters. */
  private static final Pattern URL = Pattern.compile("(jdbc:postgresql://[^/?]+/)([^?]*)(\\?.*)?");

  /**
   * The user's own: a URL from the command line, the rest from the environment.
   *
   * @throws BadInputException if it is no URL of a PostgreSQL database
   */
  public static Login of(String url, Map<String, String> environment) throws BadInputException {
    if (!URL.matcher(url).matches()) {
      throw new BadInputException(
          "Expected a URL as jdbc:postgresql://host:5432/database, found '%s'"
              .formatted(PostgresUrl.forPeople(url)));
    }
    return new Login(
        url,
        environment.getOrDefault("KINTSUGI_JDBC_USER", ""),
        environment.getOrDefault("KINTSUGI_JDBC_PASSWORD", ""));
  }

  /** As a program gets it that is started with the environment that the runtime takes, too. */
  public static Login ofEnvironment(Map<String, String> environment) {
    return new Login(
        environment.getOrDefault("KINTSUGI_JDBC_URL", ""),
        environment.getOrDefault("KINTSUGI_JDBC_USER", ""),
        environment.getOrDefault("KINTSUGI_JDBC_PASSWORD", ""));
  }

  /** The same server and user, another database. */
  Login toDatabase(String name) {
    Matcher parts = parts();
    return new Login(parts.group(1) + name + parameters(parts), user, password);
  }

  /** The same database and user, by way of another port of this machine. */
  public Login atPort(int port) {
    Matcher parts = parts();
    return new Login(
        "jdbc:postgresql://127.0.0.1:%d/%s%s".formatted(port, parts.group(2), parameters(parts)),
        user,
        password);
  }

  private Matcher parts() {
    Matcher matcher = URL.matcher(url);
    if (!matcher.matches()) {
      throw new IllegalStateException("no URL of a database: " + urlForPeople());
    }
    return matcher;
  }

  private static String parameters(Matcher parts) {
    return parts.group(3) == null ? "" : parts.group(3);
  }

  /** Where the server listens; the first of them, if the URL names several. */
  public InetSocketAddress address() {
    Properties properties = Driver.parseURL(url, null);
    if (properties == null) {
      throw new IllegalStateException("no URL of a database: " + urlForPeople());
    }
    return new InetSocketAddress(
        first(properties, PGProperty.PG_HOST),
        Integer.parseInt(first(properties, PGProperty.PG_PORT)));
  }

  private static String first(Properties properties, PGProperty list) {
    return String.valueOf(list.getOrDefault(properties)).split(",", 2)[0];
  }

  /** A new connection, on autocommit; the caller closes it. */
  public Connection connect() throws SQLException {
    return user.isEmpty()
        ? DriverManager.getConnection(url)
        : DriverManager.getConnection(url, user, password);
  }

  /** Hosts, port and database of the URL, without its parameters, which may hold a password. */
  public String urlForPeople() {
    return PostgresUrl.forPeople(url);
  }

  @Override
  public String toString() {
    return urlForPeople();
  }
}
