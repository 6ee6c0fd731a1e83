package dev.kintsugi.runtime.internal.durable;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rows of the durable state table, written, found and deleted by revision. */
class DurableStateTableTest {

  private static final Config SECTION = ConfigFactory.load().getConfig(DurableStateTable.SECTION);

  private final World world = new World();
  private final DurableStateTable table = new DurableStateTable(SECTION);

  @AfterEach
  void close() {
    world.close();
  }

  private static StateRow row(String persistenceId, long revision, @Nullable String tag) {
    String text = persistenceId + "/" + revision;
    return new StateRow(
        persistenceId,
        revision,
        new SerializedPayload(20, "manifest " + text, text.getBytes(UTF_8)),
        tag,
        1_000 + revision);
  }

  private OptionalLong upsert(String persistenceId, long revision) throws Exception {
    return upsert(row(persistenceId, revision, null));
  }

  private OptionalLong upsert(StateRow row) throws Exception {
    return world.database().inTransaction(connection -> table.upsert(connection, row));
  }

  private OptionalLong delete(String persistenceId, long revision) throws Exception {
    return world
        .database()
        .inTransaction(connection -> table.delete(connection, persistenceId, revision));
  }

  private Optional<StateRow> find(String persistenceId) throws Exception {
    return world.database().inTransaction(connection -> table.find(connection, persistenceId));
  }

  private List<String> rows() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || revision FROM durable_state ORDER BY persistence_id");
  }

  private long offset(String persistenceId) throws Exception {
    return Long.parseLong(
        world
            .column(
                "SELECT global_offset FROM durable_state WHERE persistence_id = '"
                    + persistenceId
                    + "'")
            .get(0));
  }

  @Test
  void each_revision_replaces_all_of_the_one_before() throws Exception {
    assertThat(upsert(row("a", 1, "red"))).isEmpty();
    assertThat(find("a").orElseThrow()).usingRecursiveComparison().isEqualTo(row("a", 1, "red"));

    assertThat(upsert(row("a", 2, null))).isEmpty();
    assertThat(find("a").orElseThrow()).usingRecursiveComparison().isEqualTo(row("a", 2, null));
    assertThat(find("b")).isEmpty();
  }

  @Test
  void each_revision_draws_a_new_global_offset() throws Exception {
    upsert("a", 1);
    upsert("b", 1);
    assertThat(offset("b")).isGreaterThan(offset("a"));

    upsert("a", 2);
    assertThat(offset("a")).isGreaterThan(offset("b"));
  }

  @Test
  void a_revision_that_is_not_the_next_one_is_answered_with_the_stored_one_and_changes_nothing()
      throws Exception {
    upsert("a", 1);
    upsert("a", 2);
    upsert("a", 3);
    long offset = offset("a");

    for (long revision : new long[] {1, 2, 3, 5}) {
      assertThat(upsert("a", revision)).as("revision %d", revision).hasValue(3);
      assertThat(delete("a", revision)).as("deletion %d", revision).hasValue(3);
    }

    assertThat(find("a").orElseThrow()).usingRecursiveComparison().isEqualTo(row("a", 3, null));
    assertThat(offset("a")).isEqualTo(offset);
  }

  @Test
  void a_state_is_deleted_as_its_next_revision_and_then_agrees_with_every_revision()
      throws Exception {
    upsert("a", 1);
    upsert("b", 1);

    assertThat(delete("a", 2)).isEmpty();
    assertThat(rows()).containsExactly("b/1");
    assertThat(delete("a", 3)).isEmpty();
    assertThat(upsert("a", 4)).isEmpty();
    assertThat(rows()).containsExactly("a/4", "b/1");
  }

  @Test
  void a_state_is_deleted_whatever_its_revision_if_none_is_given() throws Exception {
    upsert("a", 7);
    upsert("b", 1);

    world
        .database()
        .inTransaction(
            connection -> {
              table.delete(connection, "a");
              table.delete(connection, "none");
              return table;
            });

    assertThat(rows()).containsExactly("b/1");
  }

  @Test
  void the_second_of_two_first_revisions_at_once_is_told_of_the_other() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Connection first = world.database().connection()) {
      table.upsert(first, row("a", 1, null));
      CompletableFuture<OptionalLong> second = new CompletableFuture<>();
      threads.execute(
          () -> {
            try {
              second.complete(upsert(row("a", 1, "second")));
            } catch (Exception e) {
              second.completeExceptionally(e);
            }
          });
      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
      first.commit();

      assertThat(get(second)).hasValue(1);
      assertThat(find("a").orElseThrow().tag()).isNull();
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void a_writer_that_draws_its_offset_has_locked_the_table_already() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (Connection holder = world.database().connection();
        Statement statement = holder.createStatement()) {
      statement.execute("ALTER SEQUENCE durable_state_global_offset_seq CACHE 1");
      CompletableFuture<OptionalLong> writer = new CompletableFuture<>();
      threads.execute(
          () -> {
            try {
              writer.complete(upsert("a", 1));
            } catch (Exception e) {
              writer.completeExceptionally(e);
            }
          });

      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
      assertThat(
              world.column(
                  """
                  SELECT EXISTS (
                    SELECT 1 FROM pg_locks t
                    WHERE t.pid = l.pid AND t.granted AND t.mode = 'RowExclusiveLock'
                      AND t.relation = 'durable_state'::regclass)
                  FROM pg_locks l
                  WHERE NOT l.granted AND l.relation = 'durable_state_global_offset_seq'::regclass
                  """))
          .containsExactly("t");
      holder.rollback();

      assertThat(get(writer)).isEmpty();
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void a_name_that_postgresql_would_cut_is_refused() {
    Config config =
        ConfigFactory.parseString("tables.durable_state.columnNames.tag = " + "x".repeat(64))
            .withFallback(SECTION);

    assertThatThrownBy(() -> new DurableStateTable(config))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("' in the section jdbc-durable-state-store has 64 bytes");
  }
}
