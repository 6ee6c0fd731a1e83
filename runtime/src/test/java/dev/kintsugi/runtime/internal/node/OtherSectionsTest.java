package dev.kintsugi.runtime.internal.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.testing.TestSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class OtherSectionsTest {

  private final Logger logger = (Logger) LoggerFactory.getLogger(OtherSections.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @BeforeEach
  void listen() {
    logged.start();
    logger.addAppender(logged);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(logged);
  }

  private static void look(String settings) {
    Config config =
        ConfigFactory.parseString(settings)
            .withFallback(ConfigFactory.defaultReference())
            .resolve();
    OtherSections.refuseIgnored(config);
  }

  private void assertSilent(String settings) {
    assertThatCode(() -> look(settings)).doesNotThrowAnyException();
    assertThat(logged.list).isEmpty();
  }

  @Test
  void the_defaults_say_nothing() {
    assertSilent("");
  }

  @Test
  void names_of_tables_and_settings_of_the_own_sections_say_nothing() {
    assertSilent(
        """
        jdbc-journal.tables.event_journal { tableName = "events", schemaName = "shop" }
        jdbc-snapshot-store.tables.snapshot.columnNames.created = "at"
        kintsugi.journal { lanes = 3, event-adapters.a = "A", event-adapter-bindings."B" = a }
        """);
  }

  @Test
  void a_second_journal_is_refused_with_the_keys_that_would_be_ignored() {
    assertThatThrownBy(
            () ->
                look(
                    """
                    second-journal = ${kintsugi.journal} {
                      jdbc.url = "jdbc:postgresql://other/shop?password=geheim"
                      event-adapters.a = "A"
                    }
                    """))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the section second-journal is a second one")
        .hasMessageContaining(
            "ignored would be second-journal.event-adapters.a, second-journal.jdbc.url")
        .message()
        .doesNotContain("geheim");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "other = ${kintsugi.journal}",
        "deep.er.other = ${kintsugi.journal} { lanes = 5 }",
        "other = ${kintsugi.snapshot-store}",
        "other = ${kintsugi.durable-state}",
        "kintsugi.second-journal = ${kintsugi.journal}",
        "other.class = \"dev.kintsugi.runtime.internal.journal.KintsugiJournal\""
      })
  void a_second_section_of_any_plugin_is_refused_wherever_it_stands(String settings) {
    assertThatThrownBy(() -> look(settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is a second one of the plugin kintsugi.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc-journal.event-adapters.a = \"A\"",
        "jdbc-journal.event-adapter-bindings.\"B\" = a",
        "jdbc-journal.event-adapters.a = \"A\", kintsugi.journal.event-adapters.a = \"C\"",
        "jdbc-journal.event-adapter-bindings.\"B\" = [a, b],"
            + " kintsugi.journal.event-adapter-bindings.\"B\" = [b, a]"
      })
  void event_adapters_that_stay_in_the_stock_plugins_section_are_refused(String settings) {
    assertThatThrownBy(() -> look(settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("jdbc-journal.event-adapter")
        .hasMessageContaining("Move it to kintsugi.journal.event-adapter");
  }

  @Test
  void event_adapters_that_both_sections_have_say_nothing() {
    assertSilent(
        """
        jdbc-journal { event-adapters.a = "A", event-adapter-bindings."x.B" = [a] }
        kintsugi.journal { event-adapters.a = "A", event-adapter-bindings."x.B" = [a] }
        """);
  }

  @Test
  void other_settings_of_the_stock_plugin_are_logged_by_name_and_without_values() {
    look(
        """
        jdbc-journal {
          replay-filter.mode = off
          circuit-breaker.max-failures = 3
          slick.db.password = geheim
        }
        kintsugi.journal.circuit-breaker.max-failures = 3
        jdbc-snapshot-store.dao = "my.Dao"
        jdbc-durable-state-store.batchSize = 7
        """);

    assertThat(logged.list).extracting(ILoggingEvent::getFormattedMessage).hasSize(3);
    assertThat(logged.list.toString())
        .contains(
            "jdbc-journal.replay-filter.mode, jdbc-journal.slick.db.password",
            "jdbc-snapshot-store.dao",
            "jdbc-durable-state-store.batchSize")
        .doesNotContain("geheim", "circuit-breaker");
  }

  @Test
  void a_node_with_such_settings_does_not_start() {
    try (TestSystem node =
        new TestSystem(
            "jdbc:postgresql://localhost:1/shop",
            "second.class = \"dev.kintsugi.runtime.internal.journal.KintsugiJournal\"")) {
      assertThatThrownBy(node::kintsugi)
          .hasStackTraceContaining("the section second is a second one");
    }
  }
}
