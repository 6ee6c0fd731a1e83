package dev.kintsugi.runtime.internal.handler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How a handler is made, called and thrown away, and whose fault a failure is. */
class ApplierTest {

  private final World world = new World();
  private final Applier applier = new Applier();
  private Connection connection;

  /** What handlers did, in order: "handler 1 started". */
  private final List<String> diary = new ArrayList<>();

  private final Map<String, Failure> failures = new HashMap<>();
  private int handlers;
  private boolean failsToStop;

  private final Projection<String> notes =
      Projection.named("notes")
          .of(String.class)
          .tables(Tables.sql("CREATE TABLE notes (text TEXT NOT NULL)"))
          .handler(() -> new NotesHandler(++handlers))
          .build();

  private final HandlerTarget target = new HandlerTarget(notes, 1);

  /** What a handler does on an event, after it has written its note. */
  private interface Failure {
    void happen(JdbcSession session) throws Exception;
  }

  private final class NotesHandler extends JdbcHandler<EventEnvelope<String>, JdbcSession> {
    private final int number;

    NotesHandler(int number) {
      this.number = number;
    }

    @Override
    public void start() {
      diary.add("handler " + number + " started");
    }

    @Override
    public void stop() {
      diary.add("handler " + number + " stopped");
      if (failsToStop) {
        throw new NoClassDefFoundError("com/example/Missing");
      }
    }

    @Override
    public void process(JdbcSession session, EventEnvelope<String> envelope) throws Exception {
      diary.add("handler " + number + ": " + envelope.event());
      session.withConnection(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              return statement.executeUpdate(
                  "INSERT INTO notes VALUES ('" + envelope.event() + "')");
            }
          });
      Failure failure = failures.get(envelope.event());
      if (failure != null) {
        failure.happen(session);
      }
    }
  }

  @BeforeEach
  void open() throws Exception {
    world.execute(notes.tables().ddl());
    connection = world.database().connection();
  }

  @AfterEach
  void close() throws SQLException {
    applier.close();
    connection.close();
    world.close();
  }

  private JournalEvent event(Object payload) {
    return world.event("a", 1, payload).appendedAt(42);
  }

  private boolean apply(Object payload, OnThrow onThrow) throws Exception {
    return applier.apply(connection, target, event(payload), onThrow);
  }

  private List<String> written() throws SQLException {
    List<String> texts = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        var row = statement.executeQuery("SELECT text FROM notes")) {
      while (row.next()) {
        texts.add(row.getString(1));
      }
    }
    return texts;
  }

  // Instances

  @Test
  void a_handler_is_started_once_and_stopped_when_the_applier_is_closed() throws Exception {
    apply("one", OnThrow.ROLL_BACK);
    apply("two", OnThrow.SAVEPOINT);
    applier.close();

    assertThat(diary)
        .containsExactly(
            "handler 1 started", "handler 1: one", "handler 1: two", "handler 1 stopped");
  }

  @Test
  void each_applier_has_a_handler_of_its_own() throws Exception {
    apply("one", OnThrow.ROLL_BACK);
    try (Applier other = new Applier()) {
      other.apply(connection, target, event("two"), OnThrow.ROLL_BACK);
    }

    assertThat(diary).contains("handler 1: one", "handler 2: two");
  }

  @Test
  void a_handler_is_thrown_away_after_a_failure() throws Exception {
    failures.put(
        "bad",
        session -> {
          throw new IllegalArgumentException("no");
        });

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT)).isInstanceOf(HandlerException.class);
    apply("good", OnThrow.SAVEPOINT);

    assertThat(diary)
        .containsExactly(
            "handler 1 started",
            "handler 1: bad",
            "handler 1 stopped",
            "handler 2 started",
            "handler 2: good");
  }

  @Test
  void a_handler_is_thrown_away_when_its_owner_rolls_back() throws Exception {
    apply("one", OnThrow.ROLL_BACK);
    applier.forget();
    apply("two", OnThrow.ROLL_BACK);

    assertThat(diary).endsWith("handler 1 stopped", "handler 2 started", "handler 2: two");
  }

  @Test
  void a_handler_is_of_one_generation_and_stopped_when_the_next_one_comes() throws Exception {
    apply("one", OnThrow.ROLL_BACK);
    applier.apply(connection, new HandlerTarget(notes, 2), event("two"), OnThrow.ROLL_BACK);
    applier.apply(connection, new HandlerTarget(notes, 2), event("three"), OnThrow.ROLL_BACK);

    assertThat(diary)
        .containsExactly(
            "handler 1 started",
            "handler 1: one",
            "handler 1 stopped",
            "handler 2 started",
            "handler 2: two",
            "handler 2: three");
  }

  @Test
  void a_handler_is_of_one_definition() throws Exception {
    apply("one", OnThrow.ROLL_BACK);
    Projection<String> otherwise = SharedSecrets.written(notes, new Writing(false, List.of()));
    applier.apply(connection, new HandlerTarget(otherwise, 1), event("two"), OnThrow.ROLL_BACK);

    assertThat(diary).contains("handler 1 stopped", "handler 2: two");
  }

  @Test
  void a_handler_that_fails_to_stop_keeps_no_other_from_being_stopped() throws Exception {
    failsToStop = true;
    Projection<String> others =
        Projection.named("others")
            .of(String.class)
            .tables(Tables.sql("CREATE TABLE others (n INT)"))
            .handler(() -> new NotesHandler(++handlers))
            .build();
    apply("one", OnThrow.ROLL_BACK);
    applier.apply(connection, new HandlerTarget(others, 1), event("two"), OnThrow.ROLL_BACK);
    applier.forget();
    apply("three", OnThrow.ROLL_BACK);

    assertThat(diary)
        .contains("handler 1 stopped", "handler 2 stopped")
        .endsWith("handler 3: three");
  }

  @Test
  void an_event_of_another_class_makes_no_handler() throws Exception {
    assertThat(apply(7, OnThrow.ROLL_BACK)).isFalse();
    assertThat(diary).isEmpty();
  }

  // Failures

  @Test
  void what_a_failed_handler_wrote_is_undone_and_the_transaction_goes_on() throws Exception {
    failures.put(
        "bad",
        session -> {
          throw new IllegalArgumentException("no");
        });
    apply("before", OnThrow.SAVEPOINT);

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT))
        .isInstanceOf(HandlerException.class)
        .hasMessage(
            "projection 'notes' can't apply event 1 of stream a (ordering 42):"
                + " java.lang.IllegalArgumentException: no");

    apply("after", OnThrow.SAVEPOINT);
    assertThat(written()).containsExactly("before", "after");
  }

  @Test
  void an_errors_text_is_one_that_the_database_can_store() {
    StringBuilder longest = new StringBuilder("\0 and half a pair: \ud83d; ");
    while (longest.length() < 5_000) {
      longest.append("😀");
    }
    failures.put(
        "bad",
        session -> {
          throw new IllegalArgumentException(longest.toString());
        });

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT))
        .isInstanceOfSatisfying(
            HandlerException.class,
            e -> {
              assertThat(StorableText.isStorable(e.describe())).isTrue();
              assertThat(StorableText.isStorable(e.firstLine())).isTrue();
              assertThat(StorableText.isStorable(String.valueOf(e.getMessage()))).isTrue();
              assertThat(e.describe()).endsWith("😀…");
            });
  }

  @Test
  void a_failed_statement_is_the_handlers_failure_and_the_transaction_goes_on() throws Exception {
    failures.put("bad", session -> divideByZero(session));

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT))
        .isInstanceOf(HandlerException.class)
        .hasRootCauseInstanceOf(SQLException.class);

    apply("after", OnThrow.SAVEPOINT);
    assertThat(written()).containsExactly("after");
  }

  @ParameterizedTest
  @EnumSource(OnThrow.class)
  void a_handler_that_swallows_an_error_of_the_database_is_found_out_at_its_own_event(
      OnThrow onThrow) throws Exception {
    failures.put(
        "bad",
        session -> {
          try {
            divideByZero(session);
          } catch (SQLException swallowed) {
            // as some handlers do
          }
        });

    assertThatThrownBy(() -> apply("bad", onThrow))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("event 1 of stream a");
  }

  private static int divideByZero(JdbcSession session) throws Exception {
    return session.withConnection(
        connection -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT 1 / 0");
            return 0;
          }
        });
  }

  @Test
  void a_handler_that_commits_has_failed_and_nothing_is_committed() throws Exception {
    failures.put("bad", JdbcSession::commit);

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("commit is refused");

    connection.rollback();
    assertThat(written()).isEmpty();
  }

  @Test
  void a_handler_that_ends_the_transaction_behind_another_statement_has_failed() throws Exception {
    connection.createStatement().execute("SELECT pg_current_xact_id()");
    failures.put("bad", ApplierTest::commitInDisguise);

    assertThatThrownBy(() -> apply("bad", OnThrow.ROLL_BACK))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("ended the transaction that it ran in");
  }

  private static void commitInDisguise(JdbcSession session) throws Exception {
    session.withConnection(
        connection -> {
          try (Statement statement = connection.createStatement()) {
            return statement.execute("SELECT 1; COMMIT");
          }
        });
  }

  @Test
  void a_stack_overflow_is_the_handlers_failure() {
    failures.put("bad", session -> recurse(1));

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT))
        .isInstanceOf(HandlerException.class)
        .hasCauseInstanceOf(StackOverflowError.class);
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int recurse(int depth) {
    return recurse(depth + 1) + 1;
  }

  @Test
  void an_error_of_the_class_loader_is_the_handlers_failure() {
    failures.put(
        "bad",
        session -> {
          throw new NoClassDefFoundError("com/example/Missing");
        });

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT)).isInstanceOf(HandlerException.class);
  }

  @Test
  void running_out_of_memory_is_no_handlers_failure() {
    failures.put(
        "bad",
        session -> {
          throw new OutOfMemoryError("as if");
        });

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT)).isInstanceOf(OutOfMemoryError.class);
  }

  @Test
  void a_deadlock_is_no_handlers_failure_however_it_is_wrapped() {
    failures.put(
        "bad",
        session -> {
          throw new IllegalStateException(new SQLException("deadlock", "40P01"));
        });

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_lost_connection_is_no_handlers_failure() {
    failures.put(
        "bad",
        session -> {
          throw new SQLException("connection lost", "08006");
        });

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT)).isInstanceOf(SQLException.class);
  }

  @Test
  void a_handler_that_can_not_be_made_has_failed_on_the_event() {
    Projection<String> broken =
        Projection.named("broken")
            .of(String.class)
            .tables(Tables.sql("CREATE TABLE broken (n INT)"))
            .handler(
                () -> {
                  throw new IllegalStateException("no such service");
                })
            .build();

    assertThatThrownBy(
            () ->
                applier.apply(
                    connection, new HandlerTarget(broken, 1), event("x"), OnThrow.SAVEPOINT))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("no such service");
  }

  @Test
  void an_event_that_could_not_be_deserialized_fails_with_that() {
    JournalEvent undecodable =
        new JournalEvent(
            42, "a", 1, 0, Set.of(), List.of(), new IllegalStateException("bad bytes"));

    assertThatThrownBy(() -> applier.apply(connection, target, undecodable, OnThrow.SAVEPOINT))
        .isInstanceOf(HandlerException.class)
        .hasMessageContaining("bad bytes");
    assertThat(diary).isEmpty();
  }

  @Test
  void what_a_failure_says_of_itself_is_text_that_the_database_takes() {
    failures.put(
        "bad",
        session -> {
          throw new IllegalArgumentException("nul \0 in it, " + "long ".repeat(2_000));
        });

    assertThatThrownBy(() -> apply("bad", OnThrow.SAVEPOINT))
        .isInstanceOfSatisfying(
            HandlerException.class,
            e -> {
              assertThat(e.describe())
                  .startsWith("java.lang.IllegalArgumentException: nul \ufffd in it, long")
                  .hasSizeLessThan(4_100);
              assertThat(e.getMessage()).doesNotContain("\0");
              assertThat(e.projection()).isEqualTo("notes");
              assertThat(e.persistenceId()).isEqualTo("a");
              assertThat(e.sequenceNumber()).isEqualTo(1);
            });
  }
}
