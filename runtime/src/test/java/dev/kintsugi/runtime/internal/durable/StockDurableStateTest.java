package dev.kintsugi.runtime.internal.durable;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.Stock;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.UpdatedDurableState;
import org.apache.pekko.persistence.query.javadsl.DurableStateStoreQuery;
import org.apache.pekko.persistence.state.DurableStateStoreRegistry;
import org.apache.pekko.persistence.state.javadsl.DurableStateUpdateStore;
import org.apache.pekko.persistence.state.javadsl.GetObjectResult;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The durable state store beside the stock plugin, on one table. */
class StockDurableStateTest {

  private static final String OURS = "kintsugi.durable-state";
  private static final String STOCK = "jdbc-durable-state-store";

  private final World world = new World();
  private final TestSystem node = new TestSystem(world, Stock.settings(world));

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @SuppressWarnings("unchecked")
  private DurableStateUpdateStore<Object> store(String pluginId) {
    return DurableStateStoreRegistry.get(node.system())
        .getDurableStateStoreFor(DurableStateUpdateStore.class, pluginId);
  }

  private List<String> revisionsAndTags() throws Exception {
    return world.column("SELECT concat_ws(' ', revision, tag) FROM durable_state");
  }

  @ParameterizedTest
  @CsvSource({STOCK + "," + OURS, OURS + "," + STOCK})
  @SuppressWarnings("deprecation")
  void what_one_wrote_the_other_reads_and_updates_and_deletes(String one, String other)
      throws Exception {
    get(store(one).upsertObject("a", 1, "first", "red"));
    assertThat(get(store(other).getObject("a")))
        .isEqualTo(new GetObjectResult<>(Optional.of("first"), 1));

    get(store(other).upsertObject("a", 2, 42L, "green"));
    assertThat(get(store(one).getObject("a")))
        .isEqualTo(new GetObjectResult<>(Optional.of(42L), 2));
    assertThat(revisionsAndTags()).containsExactly("2 green");

    get(store(one).upsertObject("a", 3, "third", ""));
    assertThat(get(store(other).getObject("a")))
        .isEqualTo(new GetObjectResult<>(Optional.of("third"), 3));
    assertThat(revisionsAndTags()).containsExactly("3");
    assertThat(world.column("SELECT global_offset FROM durable_state")).containsExactly("3");

    get(store(other).deleteObject("a"));
    assertThat(get(store(one).getObject("a")))
        .isEqualTo(new GetObjectResult<>(Optional.empty(), 0));
    get(store(one).upsertObject("a", 1, "again", ""));
    // The stock plugin wants the stored revision here, and ours the next one, as Pekko does.
    get(store(other).deleteObject("a", other.equals(OURS) ? 2 : 1));
    assertThat(revisionsAndTags()).isEmpty();
  }

  @Test
  void both_hand_out_the_same_changes() throws Exception {
    get(store(STOCK).upsertObject("a", 1, "by stock", "red"));
    get(store(OURS).upsertObject("b", 1, "by ours", "red"));
    get(store(OURS).upsertObject("c", 1, "of another tag", "blue"));
    get(store(OURS).upsertObject("a", 2, "by ours", "red"));
    get(store(STOCK).upsertObject("d", 1, 4711L, "red"));
    get(store(OURS).deleteObject("b", 2));

    assertThat(changes(OURS, Offset.noOffset()))
        .hasSize(2)
        .isEqualTo(changes(STOCK, Offset.noOffset()));
    assertThat(changes(OURS, Offset.sequence(4)))
        .hasSize(1)
        .isEqualTo(changes(STOCK, Offset.sequence(4)));
  }

  /** As an application that was written for the stock plugin asks for them. */
  @SuppressWarnings("unchecked")
  private List<String> changes(String pluginId, Offset offset) throws Exception {
    DurableStateStoreQuery<Object> query =
        DurableStateStoreRegistry.get(node.system())
            .getDurableStateStoreFor(DurableStateStoreQuery.class, pluginId);
    return get(
        query
            .currentChanges("red", offset)
            .map(UpdatedDurableState.class::cast)
            .map(
                change ->
                    "%s %d %s %s %d"
                        .formatted(
                            change.persistenceId(),
                            change.revision(),
                            change.value(),
                            change.offset(),
                            change.timestamp()))
            .runWith(Sink.seq(), node.system()));
  }

  @Test
  void both_write_the_same_row() throws Exception {
    for (String plugin : List.of(STOCK, OURS)) {
      get(store(plugin).upsertObject("tagged by " + plugin, 1, "state", "red"));
      get(store(plugin).upsertObject("blank by " + plugin, 1, "state", " "));
      get(store(plugin).upsertObject("updated by " + plugin, 1, 1L, "red"));
      get(store(plugin).upsertObject("updated by " + plugin, 2, 2L, "green"));
    }

    assertThat(
            world.column(
                """
                SELECT DISTINCT (split_part(persistence_id, ' ', 1), revision, state_payload,
                  state_serial_id, state_serial_manifest, tag)::text
                FROM durable_state
                """))
        .hasSize(3);
    assertThat(world.column("SELECT DISTINCT global_offset FROM durable_state")).hasSize(6);
  }
}
