package dev.kintsugi.runtime.internal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerVersionTest {

  @ParameterizedTest
  @CsvSource({
    "13, 4, false",
    "13, 5, true",
    "13, 23, true",
    "14, 0, false",
    "14, 1, true",
    "15, 0, true",
    "18, 0, true"
  })
  void locks_of_a_prepared_transaction_keep_their_names_since_november_2021(
      int major, int minor, boolean keeps) {
    assertThat(new ServerVersion(major, minor).keepsNamesOfPrepared()).isEqualTo(keeps);
  }

  @Test
  void it_is_the_version_that_the_server_says() throws Exception {
    try (World world = new World();
        Connection connection = world.database().connection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW server_version_num")) {
      row.next();
      ServerVersion version = ServerVersion.of(connection);
      assertThat(version.major() * 10_000 + version.minor()).isEqualTo(row.getInt(1));
    }
  }
}
