package dev.kintsugi.examples.bench.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.examples.common.EmbeddedServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On a server, with its driver: how a COMMIT is told from all else. */
class LostCommitTest {

  private static final Duration LONG = Duration.ofMinutes(10);

  private static EmbeddedServer server;
  private static Login login;
  private Proxy proxy;

  @BeforeAll
  static void start() throws IOException {
    server = EmbeddedServer.start(Map.of());
    login = new Login(server.url(), EmbeddedServer.USER, "");
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @BeforeEach
  void open() throws IOException, SQLException {
    proxy = Proxy.open(login.address());
    execute("DROP TABLE IF EXISTS t; CREATE TABLE t (n INT)");
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
  }

  private static void execute(String sql) throws SQLException {
    try (Connection connection = login.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The driver prepares COMMIT with the first one, and only names it after that. */
  @ParameterizedTest
  @ValueSource(strings = {"extended", "simple"})
  void a_commit_whose_answer_is_lost_is_carried_out_and_all_before_it_is_answered(String mode)
      throws Exception {
    Login through = new Login(login.url() + "?preferQueryMode=" + mode, login.user(), "");
    try (Connection connection = through.atPort(proxy.port()).connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (int i = 0; i < 8; i++) {
        statement.execute("INSERT INTO t VALUES (1)");
        connection.commit();
      }
      Thread lose = begin();
      statement.execute("INSERT INTO t VALUES (2)");
      statement.execute("SELECT 'COMMIT'");
      assertThatThrownBy(connection::commit).isInstanceOf(SQLException.class);
      lose.interrupt();
      lose.join();
    }
    try (Connection connection = login.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) FROM t WHERE n = 2")) {
      row.next();
      assertThat(row.getInt(1)).isEqualTo(1);
    }
  }

  private Thread begin() {
    Thread thread =
        new Thread(
            () -> {
              try {
                proxy.loseCommits(1, LONG);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    thread.start();
    await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    return thread;
  }
}
