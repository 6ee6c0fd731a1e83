package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.TestProjection.OwnSession;
import dev.kintsugi.runtime.testing.World;
import java.io.Flushable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers that are typed on a session class of the application's own. */
class OwnSessionTest {

  private final World world = new World();
  private final List<OwnSession> sessions = new ArrayList<>();

  @AfterEach
  void close() {
    world.close();
  }

  private OwnSession session(Connection connection) throws SQLException {
    OwnSession session = new OwnSession(connection);
    sessions.add(session);
    return session;
  }

  /** As an application has it: it compiles, and what is typed on a session fits its function. */
  static final class FilesHandler extends JdbcHandler<EventEnvelope<String>, OwnSession> {
    @Override
    public void process(OwnSession session, EventEnvelope<String> envelope) throws Exception {
      session.own().createStatement().execute("INSERT INTO files VALUES (1)");
    }
  }

  static final class GroupedFilesHandler
      extends JdbcHandler<List<EventEnvelope<String>>, OwnSession> {
    @Override
    public void process(OwnSession session, List<EventEnvelope<String>> envelopes) {}
  }

  @Test
  void a_handler_class_and_a_session_class_are_named_as_they_are() {
    Projection.Builder<String> files =
        Projection.named("files").of(String.class).tables(Tables.sql("CREATE TABLE files (n INT)"));
    assertThat(
            handlesGroups(
                files.handler(FilesHandler::new, connection -> new OwnSession(connection)).build()))
        .isFalse();
    assertThat(
            handlesGroups(
                Projection.named("files")
                    .of(String.class)
                    .tables(Tables.sql("CREATE TABLE files (n INT)"))
                    .groupedHandler(GroupedFilesHandler::new, OwnSession::new)
                    .build()))
        .isTrue();
  }

  private static boolean handlesGroups(Projection<?> projection) {
    return SharedSecrets.definitionOf(projection).handlesGroups();
  }

  @ParameterizedTest
  @EnumSource(names = {"HANDLER", "GROUPED"})
  void it_applies_inline_in_help_in_a_drain_and_in_a_rebuild(Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind).inSessions(this::session);
    world.append(world.event("a", 1), world.event("b", 1));
    world.start(log);
    world.append(world.event("a", 2), world.event("b", 2, "poison"));
    world.setPaused(log, true);
    world.append(world.event("a", 3));
    world.append(world.event("c", 1));
    world.setPaused(log, false);
    world.append(world.event("c", 2));
    world.drainAll(log);
    world.auditWhole(log);

    world.requestRebuild(log);
    world.runToTheEnd(log);
    world.auditWhole(log);
  }

  @Test
  void each_call_gets_a_session_of_its_own() throws Exception {
    TestProjection log = new TestProjection("log").inSessions(this::session);
    TestProjection grouped = new TestProjection("grouped").grouped().inSessions(this::session);
    world.start(log);
    world.append(world.event("a", 1), world.event("a", 2));
    assertThat(sessions).hasSize(2).doesNotHaveDuplicates();

    world.start(grouped);
    sessions.clear();
    world.append(world.event("b", 1), world.event("b", 2));
    assertThat(sessions).as("one for the group, two for the events").hasSize(3);
  }

  /** Ends its transaction, as Pekko Projection would have it do after each call. */
  private static final class Ending extends OwnSession {
    private final String how;

    Ending(Connection connection, String how) throws SQLException {
      super(connection);
      this.how = how;
    }

    @Override
    public <R> R withConnection(Function<Connection, R> work) throws Exception {
      R result = super.withConnection(work);
      switch (how) {
        case "commit" -> commit();
        case "rollback" -> rollback();
        default -> close();
      }
      return result;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"commit", "rollback", "close"})
  void to_end_the_transaction_by_it_is_refused(String how) throws Exception {
    TestProjection log =
        new TestProjection("log")
            .onFailure(FailurePolicy.reject())
            .inSessions(connection -> new Ending(connection, how));
    world.start(log);

    assertThatThrownBy(() -> world.append(world.event("a", 1)))
        .isInstanceOf(AppendRejectedException.class)
        .hasStackTraceContaining("Connection." + how + " is refused");
    assertThat(world.applied(log)).isEmpty();
    assertThat(world.column("SELECT 1 FROM event_journal")).isEmpty();
  }

  @Test
  void what_a_session_function_throws_or_lacks_is_the_events_failure() throws Exception {
    TestProjection log = new TestProjection("log").inSessions(this::noneOrBroken);
    world.start(log);
    world.append(world.event("a", 1));
    world.append(world.event("b", 1));

    assertThat(world.open(log)).containsExactly("a/1 FAILED", "b/1 FAILED");
    assertThat(world.column("SELECT last_error FROM kintsugi_skip ORDER BY ordering"))
        .satisfiesExactly(
            error -> assertThat(error).contains("session function of projection 'log'", "null"),
            error -> assertThat(error).contains("no factory"));
  }

  @SuppressWarnings("NullAway") // what a careless author gives
  private OwnSession noneOrBroken(Connection connection) throws Exception {
    sessions.add(new OwnSession(connection));
    if (sessions.size() == 1) {
      return null;
    }
    throw new SQLException("no factory");
  }

  /** Holds writes back until it is flushed, as Hibernate's session does. */
  private static final class Buffering extends OwnSession implements Flushable {
    private final List<String> writes = new ArrayList<>();

    Buffering(Connection connection) throws SQLException {
      super(connection);
    }

    @Override
    public void flush() {
      for (String write : writes) {
        try (PreparedStatement insert =
            own().prepareStatement("INSERT INTO buffered VALUES (?::int)")) {
          insert.setString(1, write);
          insert.executeUpdate();
        } catch (SQLException e) {
          throw new IllegalStateException("can't flush", e);
        }
      }
    }
  }

  @Test
  void a_session_that_holds_writes_back_is_flushed_after_each_call() throws Exception {
    TestProjection log =
        new TestProjection("log")
            .inSessions(
                connection -> {
                  Buffering session = new Buffering(connection);
                  session.writes.add(sessions.isEmpty() ? "1" : "one");
                  sessions.add(session);
                  return session;
                });
    world.start(log);
    world.execute("CREATE TABLE buffered (n INT)");
    world.append(world.event("a", 1));
    world.append(world.event("b", 1));

    assertThat(world.column("SELECT n FROM buffered")).containsExactly("1");
    assertThat(world.open(log)).containsExactly("b/1 FAILED");
    assertThat(world.column("SELECT last_error FROM kintsugi_skip").get(0))
        .contains("invalid input syntax");
  }

  @Test
  void a_session_is_made_of_the_guarded_connection() throws Exception {
    List<JdbcSession> kept = new ArrayList<>();
    TestProjection log =
        new TestProjection("log")
            .inSessions(
                connection -> {
                  OwnSession session = new OwnSession(connection);
                  kept.add(session);
                  return session;
                });
    world.start(log);
    world.append(world.event("a", 1));

    assertThatThrownBy(() -> kept.get(0).withConnection(Connection::createStatement))
        .as("after the call")
        .isInstanceOf(IllegalStateException.class);
  }
}
