package dev.kintsugi.runtime.internal.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rows of the snapshot table, saved, found and deleted. */
class SnapshotTableTest {

  private static final Config SECTION = ConfigFactory.load().getConfig(SnapshotTable.SECTION);

  private final World world = new World();
  private final SnapshotTable table = new SnapshotTable(SECTION);

  @AfterEach
  void close() {
    world.close();
  }

  private static SerializedPayload bytes(String text) {
    return new SerializedPayload(
        20, "manifest of " + text, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private void save(String persistenceId, long sequenceNumber, long created) throws Exception {
    save(persistenceId, sequenceNumber, created, "state", null);
  }

  private void save(
      String persistenceId,
      long sequenceNumber,
      long created,
      String snapshot,
      @Nullable String metadata)
      throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              table.save(
                  connection,
                  new SnapshotRow(
                      persistenceId,
                      sequenceNumber,
                      created,
                      bytes(snapshot),
                      metadata == null ? null : bytes(metadata)));
              return table;
            });
  }

  /** Of stream a: 11, saved at 100, to 15, saved at 500; and one of stream b. */
  private void saveFive() throws Exception {
    for (int i = 1; i <= 5; i++) {
      save("a", 10 + i, 100L * i);
    }
    save("b", 12, 200);
  }

  private Optional<Long> latest(
      long maxSequenceNumber, long maxCreated, long minSequenceNumber, long minCreated)
      throws Exception {
    return world
        .database()
        .inTransaction(
            connection ->
                table.latest(
                    connection,
                    "a",
                    SnapshotSelectionCriteria.create(
                        maxSequenceNumber, maxCreated, minSequenceNumber, minCreated)))
        .map(SnapshotRow::sequenceNumber);
  }

  private void delete(SnapshotSelectionCriteria criteria) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              table.delete(connection, "a", criteria);
              return table;
            });
  }

  private List<String> rows() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM snapshot"
            + " ORDER BY persistence_id, sequence_number");
  }

  @Test
  void the_latest_within_the_bounds_is_found() throws Exception {
    saveFive();

    assertThat(latest(Long.MAX_VALUE, Long.MAX_VALUE, 0, 0)).contains(15L);
    assertThat(latest(13, Long.MAX_VALUE, 0, 0)).contains(13L);
    assertThat(latest(Long.MAX_VALUE, 299, 0, 0)).contains(12L);
    assertThat(latest(14, 300, 13, 300)).contains(13L);
    assertThat(latest(13, Long.MAX_VALUE, 14, 0)).isEmpty();
    assertThat(latest(Long.MAX_VALUE, 250, 0, 201)).isEmpty();
    assertThat(latest(10, Long.MAX_VALUE, 0, 0)).isEmpty();
    assertThat(latest(Long.MAX_VALUE, 99, 0, 0)).isEmpty();
  }

  @Test
  void what_is_within_all_four_bounds_is_deleted_of_that_stream_alone() throws Exception {
    saveFive();

    delete(SnapshotSelectionCriteria.create(14, 300, 12, 200));

    assertThat(rows()).containsExactly("a/11", "a/14", "a/15", "b/12");
  }

  @Test
  void saving_a_sequence_number_again_replaces_all_of_the_row() throws Exception {
    save("a", 3, 100, "before", "metadata before");
    save("a", 3, 200, "after", null);

    assertThat(
            world.column(
                """
                SELECT concat_ws(' ', created, snapshot_ser_id, snapshot_ser_manifest,
                  convert_from(snapshot_payload, 'UTF8'),
                  num_nulls(meta_ser_id, meta_ser_manifest, meta_payload))
                FROM snapshot
                """))
        .containsExactly("200 20 manifest of after after 3");
  }

  @Test
  void a_row_comes_back_as_it_was_saved() throws Exception {
    save("a", 3, 100, "state", "metadata");

    SnapshotRow row =
        world
            .database()
            .inTransaction(
                connection -> table.latest(connection, "a", SnapshotSelectionCriteria.latest()))
            .orElseThrow();

    assertThat(row)
        .usingRecursiveComparison()
        .isEqualTo(new SnapshotRow("a", 3, 100, bytes("state"), bytes("metadata")));
  }

  @Test
  void a_name_that_is_no_identifier_is_refused() {
    Config config =
        ConfigFactory.parseString("tables.snapshot.columnNames.created = \"\"")
            .withFallback(SECTION);

    assertThatThrownBy(() -> new SnapshotTable(config))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("in the section jdbc-snapshot-store");
  }
}
