package dev.kintsugi.runtime.internal.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.testing.World;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
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
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;

/** What a handler may not do to the transaction that it takes part in. */
class GuardedSessionTest {

  private final World world = new World();
  private Connection connection;
  private GuardedSession session;

  @BeforeEach
  void open() throws SQLException {
    connection = world.database().connection();
    session = new GuardedSession(connection);
    session.open(null);
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
  void turning_autocommit_off_which_it_is_changes_nothing() throws Throwable {
    using(c -> c.setAutoCommit(false)).call();

    assertThat(connection.getAutoCommit()).isFalse();
    assertThatThrownBy(using(c -> c.setAutoCommit(true))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void what_a_connection_gives_leads_back_to_the_guarded_one() throws Throwable {
    using(
            guarded -> {
              try (Statement statement = guarded.createStatement();
                  PreparedStatement prepared = guarded.prepareStatement("SELECT 1");
                  CallableStatement callable = guarded.prepareCall("SELECT 1");
                  ResultSet of = statement.executeQuery("SELECT 1");
                  ResultSet ofPrepared = prepared.executeQuery()) {
                for (Connection found :
                    List.of(
                        statement.getConnection(),
                        prepared.getConnection(),
                        callable.getConnection(),
                        of.getStatement().getConnection(),
                        ofPrepared.getStatement().getConnection(),
                        guarded.getMetaData().getConnection(),
                        guarded.getMetaData().getTableTypes().getStatement().getConnection(),
                        guarded.unwrap(Connection.class),
                        statement.unwrap(Statement.class).getConnection())) {
                  assertThat(found).isSameAs(guarded).isEqualTo(guarded);
                  assertThatThrownBy(found::commit).hasMessageContaining("Connection.commit");
                }
              }
            })
        .call();
  }

  @Test
  void what_the_driver_adds_to_jdbc_is_there() throws Throwable {
    using(
            guarded -> {
              assertThat(guarded.isWrapperFor(PGConnection.class)).isTrue();
              assertThat(guarded.unwrap(PGConnection.class).getBackendPID()).isPositive();
              try (PreparedStatement prepared = guarded.prepareStatement("SELECT 1")) {
                prepared.unwrap(PGStatement.class).setPrepareThreshold(0);
              }
            })
        .call();
  }

  @Test
  void a_column_or_value_that_reads_like_the_end_of_a_transaction_is_none() throws Throwable {
    using(
            guarded -> {
              try (PreparedStatement prepared =
                  guarded.prepareStatement("SELECT ?::text AS \"end\"")) {
                prepared.setString(1, "commit");
                try (ResultSet row = prepared.executeQuery()) {
                  assertThat(row.next()).isTrue();
                  assertThat(row.getString("end")).isEqualTo("commit");
                }
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
