package dev.kintsugi.runtime.internal.snapshot;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.SnapshotMessages;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.io.NotSerializableException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryFailed;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The snapshot store plugin, under typed persistent actors and by their messages. */
@Tag("slow")
class SnapshotStoreTest {

  private final World world = new World();
  private TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  /** Deletes events that two newer snapshots hold, and the snapshots before these. */
  private static final class Summary
      extends EventSourcedBehavior<Recorder.Command, String, String> {

    private final CompletableFuture<Throwable> recoveryFailure = new CompletableFuture<>();

    Summary(String persistenceId) {
      super(PersistenceId.ofUniqueId(persistenceId));
    }

    @Override
    public String emptyState() {
      return "";
    }

    @Override
    public RetentionCriteria retentionCriteria() {
      return RetentionCriteria.snapshotEvery(2, 2).withDeleteEventsOnSnapshot();
    }

    @Override
    public CommandHandler<Recorder.Command, String, String> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(
              Recorder.Persist.class,
              (state, persist) ->
                  Effect()
                      .persist(persist.events())
                      .thenRun(() -> persist.replyTo().tell(Done.getInstance())))
          .onCommand(
              Recorder.Read.class,
              (state, read) -> Effect().reply(read.replyTo(), List.of(state.split(" "))))
          .onCommand(Recorder.Stop.class, stop -> Effect().stop())
          .build();
    }

    @Override
    public EventHandler<String, String> eventHandler() {
      return newEventHandlerBuilder()
          .forAnyState()
          .onAnyEvent((state, event) -> (state + " " + event).strip());
    }

    @Override
    public SignalHandler<String> signalHandler() {
      return newSignalHandlerBuilder()
          .onSignal(
              RecoveryFailed.class,
              (state, failed) -> {
                recoveryFailure.complete(failed.getFailure());
              })
          .build();
    }
  }

  private SnapshotMessages store() {
    return new SnapshotMessages(node, "kintsugi.snapshot-store");
  }

  private static SnapshotMetadata of(String persistenceId, long sequenceNumber) {
    return new SnapshotMetadata(persistenceId, sequenceNumber, 0);
  }

  private List<String> snapshots() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM snapshot ORDER BY sequence_number");
  }

  @Test
  void an_actor_recovers_from_its_snapshot_and_the_events_after_it() throws Exception {
    ActorRef<Recorder.Command> actor = node.spawn(new Summary("a"));
    for (int i = 1; i <= 9; i++) {
      get(node.persist(actor, "e" + i));
    }
    eventually(() -> assertThat(snapshots()).containsExactly("a/4", "a/6", "a/8"));
    eventually(
        () ->
            assertThat(
                    world.column(
                        "SELECT sequence_number FROM event_journal WHERE NOT deleted ORDER BY 1"))
                .containsExactly("5", "6", "7", "8", "9"));
    node.close();

    node = new TestSystem(world);

    assertThat(node.read(node.spawn(new Summary("a"))))
        .containsExactly("e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9");
  }

  @Test
  void an_actor_whose_snapshot_cannot_be_deserialized_fails_to_recover_and_says_which()
      throws Exception {
    store().save(of("a", 4), "state");
    world.execute("UPDATE snapshot SET snapshot_ser_id = 4711, snapshot_ser_manifest = 'app.Gone'");

    Summary summary = new Summary("a");
    node.spawn(summary);

    assertThat(get(summary.recoveryFailure))
        .hasMessageContaining("snapshot 4 of stream a can't be deserialized")
        .hasMessageContaining("serializer 4711, manifest 'app.Gone'");
  }

  @Test
  void metadata_that_cannot_be_deserialized_is_named() throws Exception {
    store().save(of("a", 4).withMetadata("metadata"), "state");
    world.execute("UPDATE snapshot SET meta_ser_id = 4711, meta_ser_manifest = 'app.Gone'");

    assertThat(store().loadFails("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the metadata of snapshot 4 of stream a can't be deserialized")
        .hasMessageContaining("serializer 4711, manifest 'app.Gone'");
  }

  @Test
  void a_snapshot_comes_back_with_its_timestamp_and_metadata() throws Exception {
    SnapshotMetadata plain = store().save(of("plain", 1), "one");
    SnapshotMetadata rich = store().save(of("rich", 2).withMetadata("metadata"), "two");

    assertThat(store().load("plain")).contains(SelectedSnapshot.create(plain, "one"));
    assertThat(store().load("plain").orElseThrow().metadata().metadata().isEmpty()).isTrue();
    assertThat(store().load("rich")).contains(SelectedSnapshot.create(rich, "two"));
    assertThat(store().load("rich").orElseThrow().metadata().metadata().get())
        .isEqualTo("metadata");
    assertThat(store().load("none")).isEmpty();
  }

  @Test
  void one_snapshot_is_deleted_by_its_number_and_by_its_timestamp_if_that_is_known()
      throws Exception {
    store().save(of("a", 1), "one");
    SnapshotMetadata two = store().save(of("a", 2), "two");
    store().save(of("a", 3), "three");

    store().delete(of("a", 1));
    assertThat(snapshots()).containsExactly("a/2", "a/3");

    store().delete(new SnapshotMetadata("a", 2, two.timestamp() - 1));
    assertThat(snapshots()).as("another was meant").containsExactly("a/2", "a/3");

    store().delete(two);
    assertThat(snapshots()).containsExactly("a/3");
  }

  @Test
  void snapshots_that_can_not_be_read_or_saved_open_the_breaker_for_nobody() throws Exception {
    store().save(of("a", 4), "state");
    store().save(of("b", 4), "state");
    world.execute("UPDATE snapshot SET snapshot_ser_id = 4711 WHERE persistence_id = 'a'");

    // One after the other: whatever succeeds in between would have the breaker begin anew.
    for (int i = 0; i < 15; i++) {
      assertThat(store().loadFails("a")).hasMessageContaining("can't be deserialized");
    }
    assertThat(store().load("b")).isPresent();
    for (int i = 0; i < 15; i++) {
      assertThat(store().saveFails(of("a", 5), new Object()))
          .isInstanceOf(NotSerializableException.class);
    }

    assertThat(store().load("b")).isPresent();
  }

  @Test
  void a_snapshot_without_a_serializer_is_refused_and_the_store_goes_on() throws Exception {
    assertThat(store().saveFails(of("a", 1), new Object()))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("java.lang.Object");

    store().save(of("a", 2), "state");
    assertThat(snapshots()).containsExactly("a/2");
  }

  @Test
  void an_id_that_the_table_cannot_hold_is_refused_and_the_store_goes_on() throws Exception {
    String tooLong = "x".repeat(256);

    assertThat(store().saveFails(of(tooLong, 7), "state"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("snapshot 7 of stream " + tooLong)
        .hasMessageContaining("character varying(255)");
    assertThat(store().saveFails(of("a\0b", 7), "state"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("snapshot 7 of stream a\\0b")
        .hasMessageContaining("NUL");
    assertThat(store().loadFails("a\0b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the snapshots of stream a\\0b");

    store().save(of("x".repeat(255), 7), "state");
    assertThat(snapshots()).hasSize(1);
  }

  @Test
  void a_table_that_is_not_there_is_named_at_first_use() throws Exception {
    world.execute("DROP TABLE snapshot");

    assertThat(store().loadFails("a"))
        .isInstanceOf(SchemaException.class)
        .hasMessageContainingAll(
            "\"snapshot\"", "is not there", "journal.sql", "jdbc-snapshot-store");
  }

  @Test
  void a_table_of_an_older_layout_is_named_with_what_it_lacks() throws Exception {
    world.execute("DROP TABLE snapshot");
    world.execute(
        """
        CREATE TABLE snapshot (
          persistence_id VARCHAR(255) NOT NULL, sequence_number BIGINT NOT NULL,
          created BIGINT NOT NULL, snapshot BYTEA NOT NULL,
          PRIMARY KEY (persistence_id, sequence_number))
        """);

    assertThat(store().saveFails(of("a", 1), "state"))
        .isInstanceOf(SchemaException.class)
        .hasMessageContainingAll("\"snapshot\"", "snapshot_ser_id", "journal.sql");
  }

  @Test
  void table_and_columns_bear_the_names_of_the_configuration() throws Exception {
    node.close();
    world.execute(
        """
        CREATE SCHEMA "Sales";
        CREATE TABLE "Sales"."Snaps" (
          "Stream" TEXT, "No" BIGINT, "At" BIGINT, "Ser" INT, "Manifest" TEXT, "State" BYTEA,
          "MetaSer" INT, "MetaManifest" TEXT, "order" BYTEA, PRIMARY KEY ("Stream", "No"))
        """);
    node =
        new TestSystem(
            world,
            """
            jdbc-snapshot-store.tables.snapshot {
              tableName = "Snaps", schemaName = "Sales"
              columnNames {
                persistenceId = "Stream", sequenceNumber = "No", created = "At"
                snapshotSerId = "Ser", snapshotSerManifest = "Manifest", snapshotPayload = "State"
                metaSerId = "MetaSer", metaSerManifest = "MetaManifest", metaPayload = "order"
              }
            }
            """);

    store().save(of("a", 1).withMetadata("metadata"), "one");
    SnapshotMetadata two = store().save(of("a", 1), "two");

    assertThat(store().load("a")).contains(SelectedSnapshot.create(two, "two"));
    assertThat(world.column("SELECT convert_from(\"State\", 'UTF8') FROM \"Sales\".\"Snaps\""))
        .containsExactly("two");
    store().delete(two);
    assertThat(store().load("a")).isEmpty();
  }
}
