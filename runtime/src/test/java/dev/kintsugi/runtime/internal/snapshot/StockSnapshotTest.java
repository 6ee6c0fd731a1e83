package dev.kintsugi.runtime.internal.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.SnapshotMessages;
import dev.kintsugi.runtime.testing.Stock;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The snapshot store beside the stock plugin, on one table. */
class StockSnapshotTest {

  private static final String OURS = "kintsugi.snapshot-store";
  private static final String STOCK = "jdbc-snapshot-store";

  private final World world = new World();
  private final TestSystem node = new TestSystem(world, Stock.settings(world));

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private SnapshotMessages store(String pluginId) {
    return new SnapshotMessages(node, pluginId);
  }

  @ParameterizedTest
  @CsvSource({STOCK + "," + OURS, OURS + "," + STOCK})
  void what_one_saved_the_other_loads_and_replaces_and_deletes(String one, String other)
      throws Exception {
    SnapshotMetadata first = store(one).save(new SnapshotMetadata("a", 1, 0), "first");
    assertThat(store(other).load("a")).contains(SelectedSnapshot.create(first, "first"));

    SnapshotMetadata second =
        store(one).save(new SnapshotMetadata("a", 2, 0).withMetadata("metadata"), "second");
    SelectedSnapshot loaded = store(other).load("a").orElseThrow();
    assertThat(loaded).isEqualTo(SelectedSnapshot.create(second, "second"));
    assertThat(loaded.metadata().metadata().get()).isEqualTo("metadata");

    SnapshotMetadata replaced = store(other).save(new SnapshotMetadata("a", 2, 0), "replaced");
    assertThat(store(one).load("a")).contains(SelectedSnapshot.create(replaced, "replaced"));
    assertThat(store(one).load("a").orElseThrow().metadata().metadata().isEmpty()).isTrue();

    store(other).delete(new SnapshotMetadata("a", 2, 0));
    assertThat(store(one).load("a")).contains(SelectedSnapshot.create(first, "first"));
    store(other).delete("a", SnapshotSelectionCriteria.latest());
    assertThat(store(one).load("a")).isEmpty();
  }

  @Test
  void both_write_the_same_row() throws Exception {
    for (String plugin : List.of(STOCK, OURS)) {
      store(plugin).save(new SnapshotMetadata("plain of " + plugin, 1, 0), "state");
      store(plugin)
          .save(new SnapshotMetadata("rich of " + plugin, 1, 0).withMetadata(42L), "state");
    }

    assertThat(
            world.column(
                """
                SELECT DISTINCT (split_part(persistence_id, ' ', 1), sequence_number,
                  snapshot_ser_id, snapshot_ser_manifest, snapshot_payload,
                  meta_ser_id, meta_ser_manifest, meta_payload)::text
                FROM snapshot
                """))
        .hasSize(2);
    assertThat(world.column("SELECT persistence_id FROM snapshot")).hasSize(4);
  }
}
