package dev.kintsugi.examples.history;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.Connections;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The PostgreSQL server that the example runs on. */
sealed interface DemoDatabase extends AutoCloseable permits EmbeddedDatabase, OwnDatabase {

  /** Names a server of the user's own in the environment. */
  String URL_VARIABLE = "KINTSUGI_JDBC_URL";

  /**
   * The user's own server if the environment names one, else one that is started here and goes away
   * when it is closed.
   *
   * @throws BadInputException if the user's own can't be used
   */
  static DemoDatabase open(Map<String, String> environment) throws BadInputException, IOException {
    Config config = ConfigFactory.load("history");
    return environment.containsKey(URL_VARIABLE)
        ? OwnDatabase.open(config)
        : EmbeddedDatabase.start(config);
  }

  /** The configuration of an actor system that runs on it. */
  Config config();

  /** Where it is, in a few words. */
  String place();

  /** How a person connects, a line each. */
  List<String> howToConnect();

  /** Whether all that is in it goes away when it is closed. */
  boolean isThrowAway();

  @Override
  void close() throws IOException;

  /** The few connections that the program takes itself, apart from the runtime's. */
  default Connections connect() {
    return connect(config());
  }

  /** What it is and where, and whether a commit waits for its disk; a line each. */
  default List<String> description() throws Exception {
    try (Connections connections = connect()) {
      return connections.inTransaction(
          connection ->
              List.of(
                  "PostgreSQL %s, %s".formatted(setting(connection, "server_version"), place()),
                  "fsync %s, synchronous_commit %s"
                      .formatted(
                          setting(connection, "fsync"),
                          setting(connection, "synchronous_commit"))));
    }
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("SELECT current_setting(?)")) {
      query.setString(1, name);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  static Connections connect(Config config) {
    return Connections.of(config.getConfig("kintsugi.jdbc"), 2);
  }
}
