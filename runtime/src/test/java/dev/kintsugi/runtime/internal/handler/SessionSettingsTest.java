package dev.kintsugi.runtime.internal.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A handler changes settings for its own call, and for nobody after it. */
@Tag("slow")
class SessionSettingsTest {

  private final World world = new World();
  private final Applier applier = new Applier();
  private Connection connection;

  /** How the handler sends an event's text. */
  private interface Way {
    void send(Connection connection, String sql) throws SQLException;
  }

  @BeforeEach
  void open() throws SQLException {
    connection = world.database().connection();
  }

  @AfterEach
  void close() throws SQLException {
    applier.close();
    connection.close();
    world.close();
  }

  private void handle(String sql, Way way) throws Exception {
    Projection<String> projection =
        Projection.named("settings")
            .of(String.class)
            .tables(Tables.sql("CREATE TABLE settings (n INT)"))
            .handler(() -> new SendingHandler(way))
            .build();
    try (Applier fresh = new Applier()) {
      fresh.apply(
          connection,
          new HandlerTarget(projection, 1),
          world.event("a", 1, sql).appendedAt(1),
          OnThrow.ROLL_BACK);
    }
  }

  private void handle(String sql) throws Exception {
    handle(sql, SessionSettingsTest::execute);
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static final class SendingHandler
      extends JdbcHandler<EventEnvelope<String>, JdbcSession> {
    private final Way way;

    SendingHandler(Way way) {
      this.way = way;
    }

    @Override
    public void process(JdbcSession session, EventEnvelope<String> envelope) throws Exception {
      session.withConnection(
          connection -> {
            way.send(connection, envelope.event());
            return envelope;
          });
    }
  }

  private String show(String setting) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT COALESCE(current_setting('" + setting + "', TRUE), '')")) {
      row.next();
      return row.getString(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SET LOCAL search_path = pg_catalog",
        "set\n local  Search_Path to pg_catalog, public",
        "-- of the tenant\nSET LOCAL search_path = pg_catalog",
        "/* of the tenant */ SET LOCAL search_path = pg_catalog",
        "SELECT ';'; SET LOCAL search_path = pg_catalog; SELECT 1",
        "SET LOCAL SCHEMA 'pg_catalog'",
        "SELECT set_config('search_path', 'pg_catalog', true)",
        "SELECT pg_catalog.set_config('search_path', lower('PG_CATALOG'), TRUE)",
        "SET LOCAL lock_timeout = '3s'",
        "SET LOCAL TIME ZONE 'Asia/Tokyo'",
        "SET LOCAL app.tenant = 'seven'",
        "SET LOCAL ROLE pg_monitor",
        "SET LOCAL ROLE pg_monitor; SET LOCAL search_path = pg_catalog; SET LOCAL search_path = x"
      })
  void what_is_set_locally_is_set_back_when_the_handler_returns(String sql) throws Exception {
    String[] settings = {"search_path", "lock_timeout", "timezone", "app.tenant", "role"};
    StringBuilder before = new StringBuilder();
    for (String setting : settings) {
      before.append(setting).append('=').append(show(setting)).append('\n');
    }
    handle(sql);
    StringBuilder after = new StringBuilder();
    for (String setting : settings) {
      after.append(setting).append('=').append(show(setting)).append('\n');
    }
    assertThat(after).hasToString(before.toString());
  }

  /** A text that changes nothing is looked at once; one that changes a setting, each time. */
  @Test
  void it_is_set_back_and_refused_in_each_call_anew() throws Exception {
    String path = show("search_path");
    for (int call = 1; call <= 3; call++) {
      handle("SELECT 1");
      handle("SET LOCAL search_path = pg_catalog");
      assertThat(show("search_path")).as("after call %d", call).isEqualTo(path);
      assertThatThrownBy(() -> handle("SET search_path = pg_catalog"))
          .hasMessageContaining("is refused");
      assertThatThrownBy(() -> handle("COMMIT")).hasMessageContaining("is refused");
    }
  }

  @Test
  void it_holds_for_the_handlers_call() throws Exception {
    world.execute("CREATE SCHEMA own CREATE TABLE places (name TEXT)");
    handle("SET LOCAL search_path = own; INSERT INTO places VALUES ('here')");
    connection.commit();

    assertThat(world.column("SELECT name FROM own.places")).containsExactly("here");
  }

  @Test
  void prepared_statements_calls_and_batches_are_looked_at_too() throws Exception {
    String path = show("search_path");
    String sql = "SET LOCAL search_path = pg_catalog";
    handle(
        sql,
        (connection, text) -> {
          try (Statement prepared = connection.prepareStatement(text)) {
            ((java.sql.PreparedStatement) prepared).execute();
          }
        });
    assertThat(show("search_path")).isEqualTo(path);
    handle(
        sql,
        (connection, text) -> {
          try (Statement call = connection.prepareCall(text)) {
            ((java.sql.CallableStatement) call).execute();
          }
        });
    assertThat(show("search_path")).isEqualTo(path);
    handle(
        sql,
        (connection, text) -> {
          try (Statement batch = connection.createStatement()) {
            batch.addBatch(text);
            batch.executeBatch();
          }
        });
    assertThat(show("search_path")).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SET search_path = pg_catalog",
        "SET SESSION search_path = pg_catalog",
        "SET SESSION AUTHORIZATION postgres",
        "SET LOCAL SESSION AUTHORIZATION postgres",
        "SET ROLE pg_monitor",
        "SET TRANSACTION READ ONLY",
        "SET LOCAL transaction_read_only = on",
        "SET TIME ZONE 'Asia/Tokyo'",
        "RESET search_path",
        "RESET ALL",
        "DISCARD ALL",
        "SELECT 1; RESET ALL",
        "SELECT set_config('search_path', 'pg_catalog', false)",
        "SELECT set_config('search_path', 'a', true), set_config('lock_timeout', '1s', false)",
        "SELECT set_config('search' || '_path', 'a', true)"
      })
  void what_would_outlast_the_call_is_refused_with_what_to_use(String sql) throws Exception {
    String path = show("search_path");
    assertThatThrownBy(() -> handle(sql))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("is refused")
        .hasMessageContaining("SET LOCAL");
    assertThat(show("search_path")).isEqualTo(path);
  }

  @Test
  void what_the_driver_would_set_for_the_session_is_refused() {
    assertThatThrownBy(() -> handle("pg_catalog", Connection::setSchema))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("Connection.setSchema is refused");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE notes SET text = 'SET search_path'",
        "UPDATE notes SET text = '; RESET ALL; SET x = 1'",
        "UPDATE notes SET text = $$ ; SET x = 1 $$",
        "UPDATE notes\nSET text = 'x' -- ; SET x = 1",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "SELECT 'set_config(''search_path'', ''x'', false)'"
      })
  void what_changes_no_setting_is_left_alone(String sql) throws Exception {
    execute(connection, "CREATE TEMP TABLE notes (text TEXT)");
    assertThatCode(() -> handle(sql)).doesNotThrowAnyException();
  }
}
