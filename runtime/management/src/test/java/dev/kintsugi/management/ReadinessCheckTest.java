package dev.kintsugi.management;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestServer;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.Wire;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A node is ready when it can write, whatever a rebuild or a person does meanwhile. */
class ReadinessCheckTest {

  private final String url = TestServer.createDatabase();
  private final Wire wire = new Wire(url);
  private TestSystem node = new TestSystem(wire.url(), "kintsugi.jdbc.connection-timeout = 500ms");

  @AfterEach
  void close() {
    node.close();
    wire.close();
    TestServer.dropDatabase(url);
  }

  private boolean isReady() throws Exception {
    return get(new ReadinessCheck(node.system()).get());
  }

  @Test
  void a_node_is_ready_while_its_database_is_there() throws Exception {
    wire.cut();
    assertThat(isReady()).isFalse();
    wire.mend();

    eventually(() -> assertThat(isReady()).isTrue());
  }

  @Test
  void a_node_without_tables_that_may_not_make_them_is_not_ready() throws Exception {
    node.close();
    node = new TestSystem(url, "kintsugi.schema.create = off");

    assertThat(isReady()).isFalse();
  }

  @Test
  void a_node_whose_projection_the_database_has_lost_is_not_ready() throws Exception {
    node.kintsugi().start(new TestProjection("log").definition());
    assertThat(isReady()).isTrue();

    try (Connection connection = DriverManager.getConnection(url);
        Statement delete = connection.createStatement()) {
      delete.executeUpdate("DELETE FROM kintsugi_projection");
    }

    assertThat(isReady()).isFalse();
  }
}
