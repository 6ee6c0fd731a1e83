package dev.kintsugi.runtime.internal.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import dev.kintsugi.runtime.testing.TestSystem;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class ContradictingSettingsTest {

  private static final String THREADS =
      "kintsugi.blocking-dispatcher.thread-pool-executor.fixed-pool-size";

  private final Logger logger = (Logger) LoggerFactory.getLogger(ContradictingSettings.class);
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
    ContradictingSettings.refuse(
        ConfigFactory.parseString(settings)
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
  }

  private void assertRefused(String settings, String... named) {
    assertThatThrownBy(() -> look(settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(named)
        .hasMessageContaining("Raise the first, or lower the second.");
    assertThat(logged.list).isEmpty();
  }

  private void assertWarned(String settings, String... named) {
    look(settings);
    assertThat(logged.list)
        .singleElement()
        .extracting(ILoggingEvent::getFormattedMessage)
        .asString()
        .contains(named)
        .contains("Raise the first, or lower");
  }

  private void assertSilent(String settings) {
    look(settings);
    assertThat(logged.list).isEmpty();
  }

  @Test
  void followers_that_can_have_all_blocking_threads_are_warned_of() {
    assertWarned("kintsugi.follow.parallelism = 12", THREADS, "12", "kintsugi.follow.parallelism");
  }

  @Test
  void the_defaults_say_nothing() {
    assertSilent("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application.conf", "cluster.conf", "kubernetes.conf"})
  void the_examples_to_deploy_say_nothing(String file) {
    ContradictingSettings.refuse(
        ConfigFactory.parseFile(
                Path.of("../config", file).toFile(),
                ConfigParseOptions.defaults().setAllowMissing(false))
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
    assertThat(logged.list).isEmpty();
  }

  // Connections

  @ParameterizedTest
  @ValueSource(ints = {10, 11})
  void lanes_that_could_take_all_connections_are_refused(int lanes) {
    assertRefused(
        "kintsugi { jdbc.pool-size = 10, journal.lanes = %d }".formatted(lanes)
            + ", "
            + THREADS
            + " = 2",
        "kintsugi.jdbc.pool-size (10) has to be more than kintsugi.journal.lanes (%d)"
            .formatted(lanes));
  }

  @Test
  void lanes_by_themselves_never_take_all_connections() {
    assertSilent("kintsugi.jdbc.pool-size = 2, " + THREADS + " = 1");
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 11})
  void blocking_threads_that_could_take_all_connections_are_refused(int poolSize) {
    assertRefused(
        "kintsugi.jdbc.pool-size = " + poolSize,
        "kintsugi.jdbc.pool-size (%d) has to be more than %s (12)".formatted(poolSize, THREADS),
        "kintsugi.jdbc.connection-timeout");
  }

  @Test
  void one_connection_more_than_blocking_threads_is_accepted() {
    assertSilent("kintsugi.jdbc.pool-size = 13");
  }

  @Test
  void lanes_and_threads_that_have_to_wait_for_each_other_are_logged() {
    assertWarned(
        "kintsugi.journal.lanes = 5",
        "kintsugi.jdbc.pool-size (16)",
        "kintsugi.journal.lanes (5)",
        THREADS + " (12)");
  }

  @Test
  void threads_that_are_not_counted_are_not_compared() {
    assertSilent(
        """
        kintsugi.jdbc.pool-size = 3
        kintsugi.blocking-dispatcher.executor = "virtual-thread-executor"
        """);
    assertSilent("kintsugi.jdbc.pool-size = 3, " + THREADS + " = off");
  }

  @Test
  void two_verifications_at_a_time_are_refused() {
    String key = "kintsugi.verification-dispatcher.thread-pool-executor.fixed-pool-size";
    assertThatThrownBy(() -> look(key + " = 2"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(key + " has to be 1, and is 2", "kintsugi.jdbc.pool-size");
  }

  // Who waits for whom

  @ParameterizedTest
  @CsvSource({
    "kintsugi.journal.circuit-breaker.call-timeout, kintsugi.journal.answer-timeout",
    "kintsugi.snapshot-store.circuit-breaker.call-timeout, kintsugi.jdbc.answer-timeout",
    "kintsugi.journal.circuit-breaker.call-timeout, kintsugi.jdbc.connection-timeout",
    "kintsugi.snapshot-store.circuit-breaker.call-timeout, kintsugi.jdbc.connection-timeout",
  })
  void a_breaker_that_gives_up_before_what_it_waits_for_is_refused(String breaker, String other) {
    String rest =
        "kintsugi { jdbc { answer-timeout = 5s, connection-timeout = 5s }, journal.answer-timeout = 5s }, ";
    String idle = "kintsugi.jdbc.idle-in-transaction-timeout = 0, ";
    assertRefused(
        rest + idle + breaker + " = 20s, " + other + " = 20000ms",
        "%s (20s) has to be longer than %s (20000ms)".formatted(breaker, other));
  }

  @ParameterizedTest
  @CsvSource({
    "kintsugi.journal.circuit-breaker.call-timeout, kintsugi.journal.answer-timeout",
    "kintsugi.snapshot-store.circuit-breaker.call-timeout, kintsugi.jdbc.answer-timeout",
  })
  void a_breaker_that_waits_for_an_answer_and_for_no_connection_is_logged(
      String breaker, String answer) {
    assertWarned(
        breaker + " = 55s",
        breaker + " (55s)",
        "kintsugi.jdbc.connection-timeout (10s)",
        answer + " (45s)");
  }

  @Test
  void a_deletion_that_is_given_up_sooner_than_an_append_is_logged() {
    assertWarned(
        "kintsugi.jdbc { answer-timeout = 35s, long-answer-timeout = 40s }",
        "kintsugi.jdbc.long-answer-timeout (40s)",
        "kintsugi.journal.answer-timeout (45s)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kintsugi.journal.recovery-event-timeout",
        "pekko.persistence.journal-plugin-fallback.recovery-event-timeout",
        "kintsugi.durable-state.recovery-timeout"
      })
  void a_recovery_that_gives_up_before_it_hears_of_no_database_is_logged(String recovery) {
    assertWarned(
        recovery + " = 10s", recovery + " (10s)", "kintsugi.jdbc.connection-timeout (10s)");
  }

  // Transactions that stand still

  @ParameterizedTest
  @ValueSource(strings = {"kintsugi.rebuild.batch-time", "kintsugi.recovery.batch-time"})
  void a_batch_in_which_the_server_would_end_the_transaction_is_refused(String batchTime) {
    assertRefused(
        "kintsugi.rebuild.window-time = 1m, " + batchTime + " = 30s",
        "kintsugi.jdbc.idle-in-transaction-timeout (30s) has to be longer than %s (30s)"
            .formatted(batchTime));
  }

  @Test
  void a_window_as_long_as_a_transaction_may_stand_still_is_logged() {
    assertWarned(
        "kintsugi.rebuild.window-time = 30s",
        "kintsugi.jdbc.idle-in-transaction-timeout (30s)",
        "kintsugi.rebuild.window-time (30s)");
  }

  @Test
  void waiting_for_less_long_than_a_lock_may_be_held_is_logged() {
    assertWarned(
        "kintsugi.journal.answer-timeout = 30s",
        "kintsugi.journal.answer-timeout (30s)",
        "kintsugi.jdbc.idle-in-transaction-timeout (30s)");
  }

  @Test
  void no_limit_of_standing_still_is_compared_with_nothing() {
    assertSilent(
        """
        kintsugi.jdbc.idle-in-transaction-timeout = 0
        kintsugi.rebuild { batch-time = 40s, window-time = 60s }
        kintsugi.journal.answer-timeout = 10s
        """);
  }

  // The work itself

  @Test
  void a_lock_that_is_waited_for_longer_than_an_answer_is_refused() {
    assertRefused(
        "kintsugi.rebuild.truncate-lock-timeout = 30m",
        "kintsugi.jdbc.long-answer-timeout (30m)",
        "kintsugi.rebuild.truncate-lock-timeout (30m)");
  }

  @Test
  void a_longest_pause_that_is_shorter_than_the_shortest_is_refused() {
    assertRefused(
        "kintsugi.supervisor { min-backoff = 2s, max-backoff = 1s }",
        "kintsugi.supervisor.max-backoff (1s) can't be shorter than kintsugi.supervisor.min-backoff (2s)");
  }

  @Test
  void a_window_that_is_shorter_than_a_batch_is_refused() {
    assertRefused(
        "kintsugi.rebuild { batch-time = 2s, window-time = 1s }",
        "kintsugi.rebuild.window-time (1s) can't be shorter than kintsugi.rebuild.batch-time (2s)");
  }

  @Test
  void a_group_that_is_larger_than_its_queue_is_logged() {
    assertWarned(
        "kintsugi.journal { group-size = 100, queue-size = 99 }",
        "kintsugi.journal.group-size (100)",
        "kintsugi.journal.queue-size (99)");
  }

  @Test
  void a_pause_that_is_longer_than_the_time_between_looks_is_logged() {
    assertWarned(
        "kintsugi.housekeeping { interval = 1m, after-drain = 1m }",
        "kintsugi.housekeeping.interval (1m)",
        "kintsugi.housekeeping.after-drain (1m)");
  }

  @Test
  void a_role_that_nobody_asks_for_is_logged() {
    look("kintsugi.hosting.role = projections, pekko.actor.provider = local");
    look("kintsugi.hosting { role = projections, mode = local }, pekko.actor.provider = cluster");
    assertThat(logged.list)
        .hasSize(2)
        .allSatisfy(
            event ->
                assertThat(event.getFormattedMessage())
                    .contains(
                        "kintsugi.hosting.role (projections)",
                        "kintsugi.hosting.mode",
                        "pekko.actor.provider"));
    logged.list.clear();

    assertSilent("kintsugi.hosting.role = projections, pekko.actor.provider = cluster");
  }

  // At start

  @Test
  void a_contradiction_keeps_a_node_from_starting() {
    try (TestSystem node =
        new TestSystem("jdbc:postgresql://localhost:1/none", "kintsugi.journal.lanes = 8")) {
      assertThatThrownBy(node::node)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("kintsugi.jdbc.pool-size (8)", "kintsugi.journal.lanes (8)");
    }
  }
}
