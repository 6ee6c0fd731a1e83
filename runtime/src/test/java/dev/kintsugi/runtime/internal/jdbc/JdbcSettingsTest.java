package dev.kintsugi.runtime.internal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class JdbcSettingsTest {

  @Test
  void the_defaults_are_those_of_reference_conf() {
    JdbcSettings settings =
        JdbcSettings.of(ConfigFactory.defaultReference().getConfig("kintsugi.jdbc"));

    assertThat(settings.poolSize()).isEqualTo(16);
    assertThat(settings.connectionTimeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void a_password_is_in_no_text_of_them() {
    JdbcSettings settings =
        new JdbcSettings(
            "jdbc:postgresql://db/shop?user=clerk&password=hush",
            "",
            "secret",
            2,
            Duration.ofSeconds(1));

    assertThat(settings).hasToString("jdbc:postgresql://db/shop as the driver's default user");
    assertThat(settings.urlForPeople()).isEqualTo("jdbc:postgresql://db/shop");
  }

  @Test
  void another_databases_url_is_refused_with_what_to_set_and_without_its_password() {
    assertThatThrownBy(
            () ->
                new JdbcSettings(
                    "jdbc:mysql://db/shop?password=hush", "", "", 2, Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kintsugi.jdbc.url can't be used. jdbc:mysql://…")
        .hasMessageContaining("KINTSUGI_JDBC_URL")
        .message()
        .doesNotContain("hush");
  }

  @Test
  void a_pool_of_one_is_refused() {
    assertThatThrownBy(
            () -> new JdbcSettings("jdbc:postgresql:shop", "", "", 1, Duration.ofSeconds(1)))
        .hasMessage("kintsugi.jdbc.pool-size must be 2 or more, is 1");
  }

  @Test
  void a_connection_timeout_that_the_pool_can_not_have_is_refused() {
    for (Duration timeout : List.of(Duration.ZERO, Duration.ofMillis(249), Duration.ofDays(25))) {
      assertThatThrownBy(() -> new JdbcSettings("jdbc:postgresql:shop", "", "", 2, timeout))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("kintsugi.jdbc.connection-timeout must be between 250 ms");
    }
  }

  @Test
  void a_timeout_that_the_server_can_not_have_is_refused() {
    for (Duration timeout : List.of(Duration.ofMillis(-1), Duration.ofDays(25))) {
      assertThatThrownBy(
              () ->
                  new JdbcSettings(
                      "jdbc:postgresql:shop", "", "", 2, Duration.ofSeconds(1), timeout))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("kintsugi.jdbc.idle-in-transaction-timeout");
    }
  }
}
