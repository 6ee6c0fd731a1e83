package dev.kintsugi.examples.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class EmbeddedServerTest {

  private static final Map<String, String> DURABLE = Map.of("synchronous_commit", "on");

  @Test
  void a_crash_keeps_what_was_committed_and_nothing_else() throws IOException, SQLException {
    Path data;
    try (EmbeddedServer server = EmbeddedServer.start(DURABLE)) {
      int port = server.port();
      data = Path.of(text(server, "SHOW data_directory"));
      try (Connection open = connect(server);
          Statement statement = open.createStatement()) {
        statement.execute("CREATE TABLE kept (n INTEGER)");
        statement.execute("INSERT INTO kept VALUES (1)");
        open.setAutoCommit(false);
        statement.execute("INSERT INTO kept VALUES (2)");
        server.crash();
        assertThatThrownBy(open::commit).isInstanceOf(SQLException.class);
      }
      assertThatThrownBy(() -> connect(server)).isInstanceOf(SQLException.class);
      server.startAgain();
      assertThat(server.port()).isEqualTo(port);
      assertThat(text(server, "SELECT string_agg(n::text, ',') FROM kept")).isEqualTo("1");
    }
    assertThat(data)
        .as("deleted with the server")
        .satisfies(d -> assertThat(Files.exists(d)).isFalse());
  }

  @Test
  void what_does_not_run_can_not_be_crashed() throws IOException {
    try (EmbeddedServer server = EmbeddedServer.start(DURABLE)) {
      server.crash();
      assertThatThrownBy(server::crash).isInstanceOf(IOException.class);
      server.startAgain();
    }
  }

  private static Connection connect(EmbeddedServer server) throws SQLException {
    return DriverManager.getConnection(server.url(), EmbeddedServer.USER, "");
  }

  private static String text(EmbeddedServer server, String query) throws SQLException {
    try (Connection connection = connect(server);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }
}
