package dev.kintsugi.examples.bench.cluster.many;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.common.EmbeddedServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatementsTest {

  @Test
  void statements_are_counted_with_the_begin_and_the_end_of_their_transaction() throws Exception {
    try (EmbeddedServer server = EmbeddedServer.start(Map.of());
        Connection connection = DriverManager.getConnection(server.url(), EmbeddedServer.USER, "");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      Statements statements = Statements.count();
      statement.execute("SELECT 1");
      statement.execute("SELECT 2; SELECT 3");
      connection.commit();
      assertThat(statements.end()).as("BEGIN, three times SELECT, COMMIT").isEqualTo(5);

      statement.execute("SELECT 4");
      connection.commit();
      assertThat(statements.end()).as("after the end").isEqualTo(5);
    }
  }
}
