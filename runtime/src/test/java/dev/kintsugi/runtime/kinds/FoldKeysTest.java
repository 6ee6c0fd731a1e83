package dev.kintsugi.runtime.kinds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.fold.UnstorableKeyException;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.internal.definition.Writing;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys that the database has not as they were sent, and tables that hide or change rows. */
class FoldKeysTest {

  private static final Projection<String> COUNTS =
      Projection.named("counts")
          .of(String.class)
          .fold(
              Long.class,
              fold ->
                  fold.keys(envelope -> List.of(envelope.event().split(",", -1)))
                      .evolve(
                          (n, envelope) ->
                              n.orElse(0L) == 2 ? Optional.empty() : Optional.of(n.orElse(0L) + 1)))
          .build();

  private Handlers<String> handlers;

  @BeforeEach
  void open() throws Exception {
    handlers = new Handlers<>(COUNTS);
  }

  @AfterEach
  void close() {
    handlers.close();
  }

  private void execute(String... statements) throws Exception {
    try (Connection connection = handlers.connection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
      connection.commit();
    }
  }

  private void trigger(String when, String body) throws Exception {
    execute(
        "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN " + body + "; END'",
        "CREATE TRIGGER meddle " + when + " ON counts FOR EACH ROW EXECUTE FUNCTION meddle()");
  }

  @Test
  void a_key_that_is_cut_within_a_character_is_refused_and_nothing_loops() throws Exception {
    String cut = "abc😀".substring(0, 4);

    assertThatThrownBy(() -> handlers.apply("a", cut + ",b"))
        .isInstanceOf(UnstorableKeyException.class)
        .hasMessageContaining("the fold into counts can't store key 'abc\ufffd'")
        .hasMessageContaining("of event 2 of stream s")
        .hasMessageContaining("half of a surrogate pair");
    BulkHandler<String> handler = handlers.inReplay(true);
    assertThatThrownBy(() -> handler.gather(handlers.events(cut)))
        .isInstanceOf(UnstorableKeyException.class);
    assertThatThrownBy(() -> handler.gather(handlers.events("a\0b")))
        .isInstanceOf(UnstorableKeyException.class)
        .hasMessageContaining("NUL");
    assertThat(handlers.column("SELECT key FROM counts")).isEmpty();
  }

  /** Of ASCII letters, about which the server can't say much in fewer bytes. */
  private static String incompressible(int length) {
    return new SplittableRandom(7)
        .ints(length, 'A', 'Z' + 1)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  @Test
  void a_key_is_as_long_as_an_index_takes_whatever_comes_of_its_row() throws Exception {
    String longest = incompressible(2_600);
    handlers.apply(longest);
    assertThat(handlers.column("SELECT key FROM counts")).containsExactly(longest);

    for (String tooLong : List.of(longest + "!", "a".repeat(3_000), "ä".repeat(1_301))) {
      String madeAndDeleted = String.join(",", tooLong, tooLong, tooLong);
      for (String event : List.of(tooLong, madeAndDeleted)) {
        assertThatThrownBy(() -> handlers.apply(event))
            .isInstanceOf(UnstorableKeyException.class)
            .hasMessageContaining("the fold into counts can't store key '")
            .hasMessageContaining("a key may have 2,600");
        assertThatThrownBy(() -> handlers.inReplay(true).gather(handlers.events(event)))
            .isInstanceOf(UnstorableKeyException.class);
      }
    }
  }

  @Test
  void a_trigger_that_drops_a_new_row_is_an_error_that_names_the_key() throws Exception {
    trigger("BEFORE INSERT", "IF NEW.key = ''b'' THEN RETURN NULL; END IF; RETURN NEW");

    handlers.apply("a");
    assertThatThrownBy(() -> handlers.apply("a,b,c"))
        .isInstanceOf(UnstorableKeyException.class)
        .hasMessageContaining("can't store keys ['b']: in 10 tries")
        .hasMessageContaining("trigger");
  }

  @Test
  void a_trigger_that_changes_a_key_is_an_error_that_names_the_key() throws Exception {
    trigger("BEFORE INSERT", "NEW.key := NEW.key || ''!''; RETURN NEW");

    assertThatThrownBy(() -> handlers.apply("a"))
        .isInstanceOf(UnstorableKeyException.class)
        .hasMessageContaining("'a'");
    assertThat(handlers.column("SELECT key FROM counts")).isEmpty();
  }

  @Test
  void a_trigger_that_drops_an_update_or_a_deletion_is_an_error() throws Exception {
    handlers.apply("a");
    handlers.apply("b", "b");
    trigger("BEFORE UPDATE OR DELETE", "RETURN NULL");

    assertThatThrownBy(() -> handlers.apply("a"))
        .isInstanceOf(UnstorableKeyException.class)
        .hasMessageContaining("wrote 0 rows and not 1, for keys ['a']");
    assertThatThrownBy(() -> handlers.apply("b"))
        .isInstanceOf(UnstorableKeyException.class)
        .hasMessageContaining("for keys ['b']");
  }

  /** Rows that may be seen, and not changed: to lock them shows none. */
  @Test
  void rows_that_row_security_hides_are_an_error_that_names_the_key() throws Exception {
    handlers.apply("a", "b");
    execute(
        "CREATE ROLE half_blind",
        "GRANT ALL ON counts TO half_blind",
        "ALTER TABLE counts ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY sees ON counts FOR SELECT TO half_blind USING (true)",
        "CREATE POLICY adds ON counts FOR INSERT TO half_blind WITH CHECK (true)",
        "CREATE POLICY changes ON counts FOR UPDATE TO half_blind USING (key <> 'b')");
    try (Connection connection = handlers.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("SET ROLE half_blind");
      assertThatThrownBy(() -> handlers.process(connection, handlers.events("a,b")))
          .isInstanceOf(UnstorableKeyException.class)
          .hasMessageContaining("can't store keys ['b']");
    } finally {
      execute("DROP OWNED BY half_blind", "DROP ROLE half_blind");
    }
  }

  @Test
  void in_events_order_each_event_is_written_before_the_next_one_evolves() throws Exception {
    handlers.close();
    handlers = new Handlers<>(SharedSecrets.written(COUNTS, new Writing(true, List.of())));
    execute("CREATE TABLE writes (n BIGSERIAL, key TEXT, state TEXT)");
    trigger(
        "AFTER INSERT OR UPDATE OR DELETE",
        "INSERT INTO writes (key, state) SELECT r.key, TG_OP || '' '' || r.state FROM"
            + " (SELECT (COALESCE(NEW, OLD)).*) AS r; RETURN NULL");

    handlers.apply("b", "a,b", "b");
    assertThat(handlers.column("SELECT key || ' ' || state FROM writes ORDER BY n"))
        .containsExactly("b INSERT 1", "b UPDATE 2", "a INSERT 1", "b DELETE 2");
    assertThat(handlers.column("SELECT key || state FROM counts")).containsExactly("a1");
  }
}
