package dev.kintsugi.examples.history;

import com.typesafe.config.Config;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.Connections;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * A server of the user's own. What is in it stays; so it must hold nothing that the run would take
 * for its own, or wipe in a rebuild.
 */
final class OwnDatabase implements DemoDatabase {

  private static final List<String> MUST_BE_EMPTY =
      List.of("event_journal", "kintsugi_projection", "files", "directories", "authors");

  private final Config config;
  private final String url;

  private OwnDatabase(Config config, String url) {
    this.config = config;
    this.url = url;
  }

  /**
   * Looks whether the database can be used.
   *
   * @param config names it in {@code kintsugi.jdbc}
   * @throws BadInputException if it holds events or read models already
   */
  static OwnDatabase open(Config config) throws BadInputException {
    String url = Connections.forPeople(config.getString("kintsugi.jdbc.url"));
    try (Connections database = DemoDatabase.connect(config);
        Connection connection = database.connection()) {
      List<String> inUse = tablesWithRows(connection);
      if (!inUse.isEmpty()) {
        throw new BadInputException(
            "The database at %s is in use: there are rows in %s. Give an empty one; DROP DATABASE and CREATE DATABASE make this one empty."
                .formatted(url, String.join(", ", inUse)));
      }
    } catch (SQLException e) {
      throw new BadInputException(
          "The database at %s can't be used: %s".formatted(url, e.getMessage()), e);
    }
    return new OwnDatabase(config, url);
  }

  private static List<String> tablesWithRows(Connection connection) throws SQLException {
    List<String> inUse = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      for (String table : MUST_BE_EMPTY) {
        if (isTrue(statement, "SELECT to_regclass('%s') IS NOT NULL".formatted(table))
            && isTrue(statement, "SELECT EXISTS (SELECT 1 FROM %s)".formatted(table))) {
          inUse.add(table);
        }
      }
    }
    return inUse;
  }

  private static boolean isTrue(Statement statement, String question) throws SQLException {
    try (ResultSet answer = statement.executeQuery(question)) {
      answer.next();
      return answer.getBoolean(1);
    }
  }

  @Override
  public Config config() {
    return config;
  }

  @Override
  public String place() {
    return "at " + url;
  }

  @Override
  public List<String> howToConnect() {
    return List.of("psql " + url.substring("jdbc:".length()), url);
  }

  @Override
  public boolean isThrowAway() {
    return false;
  }

  @Override
  public void close() {}
}
