package dev.kintsugi.runtime.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import org.apache.pekko.japi.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a handler may not do to the transaction that it takes part in. */
class GuardedSessionTest {

  private final World world = new World();
  private Connection connection;
  private GuardedSession session;

  @BeforeEach
  void open() throws SQLException {
    connection = world.database().connection();
    session = new GuardedSession(connection);
    session.open();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
    world.close();
  }

  private interface Use {
    void on(Connection connection) throws Exception;
  }

  private ThrowingCallable using(Use use) {
    Function<Connection, String> work =
        guarded -> {
          use.on(guarded);
          return "done";
        };
    return () -> session.withConnection(work);
  }

  @Test
  void ending_the_transaction_by_the_session_is_refused_with_the_reason() {
    for (ThrowingCallable end :
        List.<ThrowingCallable>of(session::commit, session::rollback, session::close)) {
      assertThatThrownBy(end)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is refused")
          .hasMessageContaining("the runtime's to end")
          .hasMessageContaining("To fail the event, throw");
    }
  }

  @Test
  void ending_the_transaction_by_its_connection_is_refused_by_name() {
    assertThatThrownBy(using(Connection::commit))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("Connection.commit is refused");
    assertThatThrownBy(using(Connection::rollback)).hasMessageContaining("Connection.rollback");
    assertThatThrownBy(using(Connection::close)).hasMessageContaining("Connection.close");
    assertThatThrownBy(using(c -> c.abort(Runnable::run))).hasMessageContaining("Connection.abort");
    assertThatThrownBy(using(c -> c.setAutoCommit(true)))
        .hasMessageContaining("Connection.setAutoCommit");
    assertThatThrownBy(using(c -> c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE)))
        .hasMessageContaining("Connection.setTransactionIsolation");
    assertThatThrownBy(using(c -> c.setReadOnly(true)))
        .hasMessageContaining("Connection.setReadOnly");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"COMMIT", " commit;", "END", "rollback", "ROLLBACK WORK", "BEGIN", "abort"})
  void ending_the_transaction_by_sql_is_refused(String sql) {
    assertThatThrownBy(using(c -> c.prepareStatement(sql)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the statement '" + sql.strip() + "' is refused");
    assertThatThrownBy(
            using(
                c -> {
                  try (Statement statement = c.createStatement()) {
                    statement.execute(sql);
                  }
                }))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ROLLBACK TO mine", "rollback work to savepoint mine"})
  void rolling_back_to_a_savepoint_by_sql_is_not(String sql) throws Throwable {
    using(
            c -> {
              try (Statement statement = c.createStatement()) {
                statement.execute("SAVEPOINT mine");
                statement.execute(sql);
              }
            })
        .call();
  }

  @Test
  void a_connection_that_a_handler_kept_is_refused_after_its_call() throws Exception {
    Connection kept = session.withConnection(guarded -> guarded);
    session.end();

    assertThatThrownBy(kept::createStatement)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("used it after it had returned");
    assertThatThrownBy(() -> session.withConnection(guarded -> guarded))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_refusal_leaves_the_transaction_as_it_was() throws Throwable {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMP TABLE written (n INT) ON COMMIT DROP");

      assertThatThrownBy(using(Connection::commit)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(using(Connection::rollback)).isInstanceOf(IllegalStateException.class);

      assertThat(statement.executeUpdate("INSERT INTO written VALUES (1)")).isEqualTo(1);
    }
  }

  @Test
  void a_handler_may_roll_back_to_a_savepoint_of_its_own() throws Throwable {
    using(
            guarded -> {
              try (Statement statement = guarded.createStatement()) {
                statement.execute("CREATE TEMP TABLE written (n INT) ON COMMIT DROP");
                Savepoint savepoint = guarded.setSavepoint();
                statement.execute("INSERT INTO written VALUES (1)");
                guarded.rollback(savepoint);
                assertThat(statement.executeUpdate("DELETE FROM written")).isZero();
              }
            })
        .call();
  }

  @Test
  void an_error_of_the_database_comes_to_the_handler_as_it_is() {
    assertThatThrownBy(
            using(
                guarded -> {
                  try (Statement statement = guarded.createStatement()) {
                    statement.execute("SELECT 1 / 0");
                  }
                }))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("22012"));
  }
}
