package dev.kintsugi.runtime.internal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import dev.kintsugi.runtime.testing.TestServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class DatabaseTest {

  private final String url = TestServer.createDatabase();
  private final Database database =
      Database.open(new JdbcSettings(url, "", "", 4, Duration.ofSeconds(10)));

  @BeforeEach
  void makeTable() throws Exception {
    execute("CREATE TABLE notes (n INT PRIMARY KEY, text TEXT DEFAULT '')");
  }

  @AfterEach
  void close() {
    database.close();
    TestServer.dropDatabase(url);
  }

  private int execute(String sql) throws Exception {
    return database.inTransaction(connection -> run(connection, sql));
  }

  private static int run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  private String ask(String sql) throws Exception {
    return database.inTransaction(
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
          }
        });
  }

  @Test
  void what_the_work_did_is_committed_and_its_result_returned() throws Exception {
    assertThat(execute("INSERT INTO notes VALUES (1), (2)")).isEqualTo(2);
    assertThat(ask("SELECT count(*) FROM notes")).isEqualTo("2");
  }

  @Test
  void the_pool_looks_whether_a_connection_lives_no_longer_than_one_is_waited_for() {
    Map<Duration, Duration> looks =
        Map.of(
            Duration.ofMillis(250), Duration.ofMillis(250),
            Duration.ofSeconds(3), Duration.ofSeconds(3),
            Duration.ofSeconds(5), Duration.ofSeconds(5),
            Duration.ofMinutes(1), Duration.ofSeconds(5));
    looks.forEach(
        (connectionTimeout, validationTimeout) -> {
          JdbcSettings settings = new JdbcSettings(url, "", "", 2, connectionTimeout);
          HikariConfig pooling = Database.pooling(settings);
          assertThat(pooling.getValidationTimeout()).isEqualTo(validationTimeout.toMillis());
          assertThat(pooling.getConnectionTimeout()).isEqualTo(connectionTimeout.toMillis());
        });
  }

  @Test
  void its_sessions_have_their_own_limits_whatever_the_database_says() throws Exception {
    List<String> known = new ArrayList<>();
    for (String limit : List.of("statement_timeout", "lock_timeout", "idle_session_timeout")) {
      if (ask("SELECT count(*) FROM pg_settings WHERE name = '" + limit + "'").equals("1")) {
        known.add(limit);
        execute(
            "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET "
                + limit
                + " = ''7s''', current_database()); END$$");
      }
    }
    assertThat(known).contains("statement_timeout", "lock_timeout");
    try (Database limited =
            Database.open(
                new JdbcSettings(url, "", "", 2, Duration.ofSeconds(10), Duration.ofSeconds(9)));
        Connection connection = limited.connection()) {
      connection.rollback();
      for (String limit : known) {
        assertThat(show(connection, limit)).as(limit).isEqualTo("0");
      }
      assertThat(show(connection, "idle_in_transaction_session_timeout")).isEqualTo("9s");
    }
  }

  private static String show(Connection connection, String setting) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + setting)) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void an_answer_that_takes_too_long_is_an_error_of_the_connection_and_others_have_longer()
      throws Exception {
    Database impatient = database.answeringWithin(Duration.ofMillis(100));

    assertThatThrownBy(
            () -> impatient.inTransaction(connection -> run(connection, "SELECT pg_sleep(30)")))
        .satisfies(e -> assertThat(SqlStates.isDatabaseAtFault(e)).isTrue());
    try (Connection hurried = impatient.connection()) {
      assertThat(hurried.getNetworkTimeout()).isEqualTo(100);
    }
    List<Connection> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(database.connection());
    }
    for (Connection each : all) {
      assertThat(each.getNetworkTimeout()).isEqualTo(45_000);
      each.close();
    }
  }

  @Test
  void every_connection_has_a_bound_and_long_work_a_longer_one_while_it_has_the_connection()
      throws Exception {
    for (int i = 0; i < 2; i++) {
      try (Connection ordinary = database.connection();
          Connection longer = database.forLongWork().connection();
          Connection longerYet =
              database.answeringWithin(Duration.ofMillis(1)).forLongWork().connection()) {
        assertThat(ordinary.getNetworkTimeout()).isEqualTo(45_000);
        assertThat(longer.getNetworkTimeout()).isEqualTo(30 * 60_000);
        assertThat(longerYet.getNetworkTimeout()).isEqualTo(30 * 60_000);
      }
    }
  }

  @Test
  void what_failed_work_did_is_rolled_back_and_its_error_thrown() throws Exception {
    assertThatThrownBy(
            () ->
                database.inTransaction(
                    connection -> {
                      run(connection, "INSERT INTO notes VALUES (1)");
                      throw new IllegalStateException("no");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no");

    assertThat(ask("SELECT count(*) FROM notes")).isEqualTo("0");
  }

  @Test
  void an_error_that_is_no_exception_rolls_back_too() throws Exception {
    assertThatThrownBy(
            () ->
                database.inTransaction(
                    connection -> {
                      run(connection, "INSERT INTO notes VALUES (1)");
                      throw new StackOverflowError();
                    }))
        .isInstanceOf(StackOverflowError.class);

    assertThat(ask("SELECT count(*) FROM notes")).isEqualTo("0");
  }

  @Test
  void work_that_swallowed_an_error_of_the_database_is_not_taken_for_committed() {
    assertThatThrownBy(
            () ->
                database.inTransaction(
                    connection -> {
                      run(connection, "INSERT INTO notes VALUES (1)");
                      try {
                        run(connection, "INSERT INTO notes VALUES (1)");
                      } catch (SQLException swallowed) {
                        // and goes on as if nothing had happened
                      }
                      return "done";
                    }))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25P02"))
        .hasMessageContaining("swallowed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"40001", "40P01"})
  void a_transaction_that_lost_a_race_is_run_again_from_its_beginning(String state)
      throws Exception {
    AtomicInteger runs = new AtomicInteger();

    int result =
        database.inTransaction(
            connection -> {
              int run = runs.incrementAndGet();
              run(connection, "INSERT INTO notes VALUES (" + run + ")");
              if (run < 3) {
                throw new IllegalStateException(new SQLException("lost", state));
              }
              return run;
            });

    assertThat(result).isEqualTo(3);
    assertThat(ask("SELECT string_agg(n::text, ' ') FROM notes")).isEqualTo("3");
  }

  @Test
  void a_transaction_that_loses_every_race_is_given_up_with_the_last_error() {
    AtomicInteger runs = new AtomicInteger();

    assertThatThrownBy(
            () ->
                database.inTransaction(
                    connection -> {
                      throw new SQLException("lost race " + runs.incrementAndGet(), "40P01");
                    }))
        .hasMessage("lost race " + Database.ATTEMPTS);
    assertThat(runs).hasValue(Database.ATTEMPTS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"23505", "08006", "57014", "25P02"})
  void any_other_failure_is_not_tried_again(String state) {
    AtomicInteger runs = new AtomicInteger();

    assertThatThrownBy(
            () ->
                database.inTransaction(
                    connection -> {
                      runs.incrementAndGet();
                      throw new SQLException("no", state);
                    }))
        .isInstanceOf(SQLException.class);
    assertThat(runs).hasValue(1);
  }

  @Test
  void two_transactions_that_deadlock_both_end_well() throws Exception {
    execute("INSERT INTO notes VALUES (1), (2)");
    CountDownLatch bothHoldOne = new CountDownLatch(2);
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> up = two.submit(() -> updateBoth(1, 2, bothHoldOne));
      Future<Integer> down = two.submit(() -> updateBoth(2, 1, bothHoldOne));
      up.get(60, TimeUnit.SECONDS);
      down.get(60, TimeUnit.SECONDS);
    } finally {
      two.shutdown();
    }
    assertThat(ask("SELECT string_agg(text, ' ' ORDER BY n) FROM notes")).isEqualTo("xx xx");
  }

  private int updateBoth(int first, int second, CountDownLatch bothHoldOne) throws Exception {
    String update = "UPDATE notes SET text = text || 'x' WHERE n = ";
    return database.inTransaction(
        connection -> {
          run(connection, update + first);
          bothHoldOne.countDown();
          bothHoldOne.await();
          return run(connection, update + second);
        });
  }

  @Test
  void a_thread_that_is_interrupted_while_it_waits_to_run_again_stops() {
    AtomicInteger runs = new AtomicInteger();

    assertThatThrownBy(
            () ->
                database.inTransaction(
                    connection -> {
                      runs.incrementAndGet();
                      Thread.currentThread().interrupt();
                      throw new SQLException("lost", "40001");
                    }))
        .isInstanceOf(InterruptedException.class);
    assertThat(runs).hasValue(1);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void connections_come_as_the_protocol_needs_them_and_bear_the_name() throws Exception {
    try (Connection connection = database.connection()) {
      assertThat(connection.getAutoCommit()).isFalse();
      assertThat(connection.getTransactionIsolation())
          .isEqualTo(Connection.TRANSACTION_READ_COMMITTED);
    }
    assertThat(ask("SELECT current_setting('application_name')")).isEqualTo("kintsugi");
  }

  @Test
  void what_was_not_committed_on_a_connection_is_rolled_back_when_it_is_closed() throws Exception {
    try (Connection connection = database.connection()) {
      run(connection, "INSERT INTO notes VALUES (1)");
    }
    assertThat(ask("SELECT count(*) FROM notes")).isEqualTo("0");
  }

  @Test
  void no_more_connections_are_taken_than_the_settings_say() throws Exception {
    Set<String> backends = ConcurrentHashMap.newKeySet();
    List<Future<Boolean>> asked = new ArrayList<>();
    ExecutorService many = Executors.newFixedThreadPool(12);
    try {
      for (int i = 0; i < 60; i++) {
        asked.add(many.submit(() -> backends.add(ask("SELECT pg_backend_pid()"))));
      }
      for (Future<Boolean> each : asked) {
        each.get(60, TimeUnit.SECONDS);
      }
    } finally {
      many.shutdown();
    }
    assertThat(backends).hasSizeBetween(1, 4);
  }

  // No database

  @Test
  void no_server_is_one_line_with_the_url_and_without_the_password() {
    JdbcSettings nowhere =
        new JdbcSettings(
            "jdbc:postgresql://localhost:1/shop?password=hush",
            "clerk",
            "secret",
            2,
            Duration.ofMillis(300));

    assertThatThrownBy(() -> Database.open(nowhere))
        .isInstanceOf(DatabaseUnavailableException.class)
        .hasMessageStartingWith(
            "No connection to jdbc:postgresql://localhost:1/shop as clerk: ConnectException: ")
        .message()
        .doesNotContain("hush", "secret", "\n");
  }

  @Test
  void no_such_database_is_said_so() {
    JdbcSettings missing =
        new JdbcSettings(
            url.replaceFirst("/test_\\w+", "/no_such_database"), "", "", 2, Duration.ofMillis(300));

    assertThatThrownBy(() -> Database.open(missing))
        .isInstanceOf(DatabaseUnavailableException.class)
        .hasMessageContaining("\"no_such_database\" does not exist");
  }

  @Test
  void a_transaction_that_stands_still_keeps_its_locks_no_longer_than_the_settings_say()
      throws Exception {
    execute("INSERT INTO notes (n) VALUES (1)");
    JdbcSettings settings =
        new JdbcSettings(url, "", "", 2, Duration.ofSeconds(10), Duration.ofMillis(200));
    try (Database cutOff = Database.open(settings);
        Connection standsStill = cutOff.connection()) {
      run(standsStill, "UPDATE notes SET text = 'half done'");

      execute("UPDATE notes SET text = 'done'"); // waits for the other one's lock

      assertThat(ask("SELECT text FROM notes")).isEqualTo("done");
      assertThatThrownBy(() -> run(standsStill, "UPDATE notes SET text = 'late'"))
          .satisfies(e -> assertThat(SqlStates.isDatabaseAtFault(e)).isTrue());
    }
  }
}
