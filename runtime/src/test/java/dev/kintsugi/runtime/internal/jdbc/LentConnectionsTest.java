package dev.kintsugi.runtime.internal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import dev.kintsugi.runtime.testing.TestServer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A DataSource of somebody else's: one session, lent again and again, and looked at between. */
class LentConnectionsTest {

  private static final Duration ANSWER = Duration.ofSeconds(7);

  private final String url = TestServer.createDatabase();
  private final Connection session = open(url);
  private final OneSession owners = new OneSession();

  private static Connection open(String url) {
    try {
      return DriverManager.getConnection(url);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void drop() throws SQLException {
    session.close();
    TestServer.dropDatabase(url);
  }

  private Database borrowing() {
    return Database.of(
        new JdbcSettings(
            "jdbc:postgresql:elsewhere",
            "",
            "",
            2,
            Duration.ofSeconds(5),
            Duration.ofSeconds(3),
            ANSWER,
            Duration.ofSeconds(9)),
        owners);
  }

  /** Gives the one session to one at a time, and does nothing to it: its borrower has to. */
  private final class OneSession extends NewConnections {
    private final AtomicInteger given = new AtomicInteger();
    private final AtomicInteger back = new AtomicInteger();

    @Override
    public Connection getConnection() throws SQLException {
      if (given.get() > back.get()) {
        throw new SQLException("the one session is lent");
      }
      given.incrementAndGet();
      return (Connection)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {Connection.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("close")) {
                  back.incrementAndGet();
                  return null;
                }
                try {
                  return method.invoke(session, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }
  }

  /** All that a session can be asked for, and all that the driver knows of it. */
  private Map<String, String> looks() throws SQLException {
    Map<String, String> looks = new LinkedHashMap<>();
    looks.put("autocommit", String.valueOf(session.getAutoCommit()));
    looks.put("read only", String.valueOf(session.isReadOnly()));
    looks.put("network timeout", String.valueOf(session.getNetworkTimeout()));
    looks.put("isolation", String.valueOf(session.getTransactionIsolation()));
    looks.put("schema", session.getSchema());
    try (Statement statement = session.createStatement();
        ResultSet rows = statement.executeQuery("SELECT name, setting FROM pg_settings")) {
      while (rows.next()) {
        looks.put(rows.getString(1), rows.getString(2));
      }
    }
    try (Statement statement = session.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")) {
      row.next();
      looks.put("advisory locks", row.getString(1));
    }
    if (!session.getAutoCommit()) {
      session.rollback();
    }
    return looks;
  }

  private void makeItTheOwners() throws SQLException {
    try (Statement statement = session.createStatement()) {
      statement.execute("SET statement_timeout = '11s'");
      statement.execute("SET lock_timeout = '1200ms'");
      statement.execute("SET idle_in_transaction_session_timeout = '13min'");
      statement.execute("SET search_path = pg_catalog, public");
      statement.execute("SET application_name = 'shop'");
    }
    session.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    session.setNetworkTimeout(Runnable::run, 14_000);
    session.setReadOnly(true);
    session.setAutoCommit(false);
  }

  @Test
  void a_session_is_given_back_as_it_was() throws Exception {
    makeItTheOwners();
    Map<String, String> before = looks();

    try (Database database = borrowing();
        Connection connection = database.connection()) {
      assertThat(connection.getAutoCommit()).isFalse();
      assertThat(connection.isReadOnly()).isFalse();
      assertThat(connection.getTransactionIsolation())
          .isEqualTo(Connection.TRANSACTION_READ_COMMITTED);
      assertThat(connection.getNetworkTimeout()).isEqualTo(ANSWER.toMillis());
      assertThat(setting(connection, "statement_timeout")).isEqualTo("0");
      assertThat(setting(connection, "lock_timeout")).isEqualTo("0");
      assertThat(setting(connection, "idle_in_transaction_session_timeout")).isEqualTo("3s");
      assertThat(setting(connection, "application_name")).isEqualTo("shop");
      try (Statement statement = connection.createStatement()) {
        statement.execute("CREATE TABLE public.written (id INT)");
        statement.execute("SELECT pg_advisory_lock(42)");
      }
      connection.commit();
    }

    assertThat(owners.back.get()).isEqualTo(owners.given.get()).isPositive();
    assertThat(session.isClosed()).isFalse();
    assertThat(looks()).isEqualTo(before);
  }

  @Test
  void what_was_not_committed_is_rolled_back_before_a_session_is_given_back() throws Exception {
    try (Database database = borrowing();
        Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE never (id INT)");
    }

    try (Statement statement = session.createStatement();
        ResultSet row = statement.executeQuery("SELECT to_regclass('never')")) {
      row.next();
      assertThat(row.getString(1)).isNull();
    }
  }

  @Test
  void a_session_that_is_lost_is_given_back_as_ended() throws Exception {
    try (Database database = borrowing();
        Connection connection = database.connection()) {
      Database.discard(connection);
    }

    assertThat(owners.back.get()).isEqualTo(owners.given.get());
    assertThat(session.isClosed()).isTrue();
  }

  @Test
  void a_session_is_kept_from_one_use_to_the_next() throws Exception {
    try (Database database = borrowing()) {
      for (int i = 0; i < 3; i++) {
        database.inTransaction(connection -> setting(connection, "server_version"));
      }
      assertThat(owners.given.get()).isEqualTo(1);
    }
  }

  @Test
  void a_data_source_that_gives_nothing_is_named_without_what_it_says_of_itself() {
    DataSource broken =
        new NewConnections() {
          @Override
          public Connection getConnection() throws SQLException {
            throw new SQLException("the vault is closed");
          }

          @Override
          public String toString() {
            return "password=hush";
          }
        };
    JdbcSettings settings =
        new JdbcSettings("jdbc:postgresql:elsewhere", "", "", 2, Duration.ofMillis(300));

    assertThatThrownBy(() -> Database.open(settings, broken))
        .isInstanceOf(DatabaseUnavailableException.class)
        .hasMessageContainingAll(
            "the application's DataSource (" + broken.getClass().getName() + ")",
            "the vault is closed")
        .message()
        .doesNotContain("hush", "elsewhere");
  }

  @Test
  void connections_of_another_driver_are_refused() {
    AtomicInteger closed = new AtomicInteger();
    DataSource foreign =
        new NewConnections() {
          @Override
          public Connection getConnection() {
            return (Connection)
                Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {Connection.class},
                    (proxy, method, arguments) ->
                        switch (method.getName()) {
                          case "isWrapperFor" -> false;
                          case "close" -> {
                            closed.incrementAndGet();
                            yield null;
                          }
                          default -> throw new SQLException("not asked for");
                        });
          }
        };
    JdbcSettings settings =
        new JdbcSettings("jdbc:postgresql:elsewhere", "", "", 2, Duration.ofMillis(300));

    assertThatThrownBy(() -> Database.open(settings, foreign))
        .isInstanceOf(DatabaseUnavailableException.class)
        .hasMessageContaining("can't be unwrapped to one of PostgreSQL's driver");
    assertThat(closed.get()).isPositive();
  }

  @Test
  void nothing_is_set_on_the_owners_data_source() throws Exception {
    AtomicInteger touched = new AtomicInteger();
    DataSource untouched =
        (DataSource)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                  if (!method.getName().equals("getConnection")) {
                    touched.incrementAndGet();
                  }
                  return owners.getConnection();
                });
    JdbcSettings settings =
        new JdbcSettings("jdbc:postgresql:elsewhere", "", "", 2, Duration.ofSeconds(5));

    Database.open(settings, untouched).close();

    assertThat(touched.get()).isZero();
    assertThat(owners.given.get()).isPositive();
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + name)) {
      row.next();
      return row.getString(1);
    }
  }
}
