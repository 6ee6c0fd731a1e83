package dev.kintsugi.runtime.internal.durable;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.persistence.RevisionConflictException;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.io.NotSerializableException;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.persistence.state.DurableStateStoreRegistry;
import org.apache.pekko.persistence.state.exception.DeleteRevisionException;
import org.apache.pekko.persistence.state.javadsl.DurableStateUpdateStore;
import org.apache.pekko.persistence.state.javadsl.GetObjectResult;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.state.RecoveryFailed;
import org.apache.pekko.persistence.typed.state.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.state.javadsl.DurableStateBehavior;
import org.apache.pekko.persistence.typed.state.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.state.javadsl.SignalHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.FutureConverters;

/** The durable state store plugin, under typed actors and by its two interfaces. */
class DurableStateStoreTest {

  private final World world = new World();
  private TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  // An actor

  private sealed interface Command {}

  private record Write(String text, ActorRef<Done> replyTo) implements Command {}

  private record Delete(ActorRef<Done> replyTo) implements Command {}

  private record Read(ActorRef<String> replyTo) implements Command {}

  /** Its state is the last text written; with the tag "note". */
  private static final class Note extends DurableStateBehavior<Command, String> {

    private final CompletableFuture<Throwable> recoveryFailure = new CompletableFuture<>();

    Note(String persistenceId) {
      super(PersistenceId.ofUniqueId(persistenceId));
    }

    @Override
    public String emptyState() {
      return "empty";
    }

    @Override
    public String tag() {
      return "note";
    }

    @Override
    public CommandHandler<Command, String> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(
              Write.class,
              (state, write) ->
                  Effect()
                      .persist(write.text())
                      .thenRun(() -> write.replyTo().tell(Done.getInstance())))
          .onCommand(
              Delete.class,
              (state, delete) ->
                  deletion().thenRun(() -> delete.replyTo().tell(Done.getInstance())))
          .onCommand(Read.class, (state, read) -> Effect().reply(read.replyTo(), state))
          .build();
    }

    /** Pekko offers it to Scala alone, though the effect is one for Java as well. */
    @SuppressWarnings("unchecked")
    private static EffectBuilder<String> deletion() {
      return (EffectBuilder<String>)
          (Object) org.apache.pekko.persistence.typed.state.scaladsl.Effect.<String>delete();
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

  private <T> T ask(ActorRef<Command> note, Function<ActorRef<T>, Command> command)
      throws Exception {
    return get(
        AskPattern.ask(note, command::apply, PATIENCE, Adapter.toTyped(node.system()).scheduler()));
  }

  private void write(ActorRef<Command> note, String text) throws Exception {
    this.<Done>ask(note, replyTo -> new Write(text, replyTo));
  }

  private void delete(ActorRef<Command> note) throws Exception {
    this.<Done>ask(note, Delete::new);
  }

  private String read(ActorRef<Command> note) throws Exception {
    return this.<String>ask(note, Read::new);
  }

  private List<String> rows() throws Exception {
    return world.column(
        """
        SELECT concat_ws('/', persistence_id, revision, convert_from(state_payload, 'UTF8'), tag)
        FROM durable_state ORDER BY persistence_id
        """);
  }

  @Test
  void an_actor_finds_its_last_state_in_the_next_actor_system() throws Exception {
    ActorRef<Command> note = node.spawn(new Note("a"));
    assertThat(read(note)).isEqualTo("empty");
    write(note, "one");
    write(note, "two");
    node.close();

    node = new TestSystem(world);
    ActorRef<Command> again = node.spawn(new Note("a"));
    assertThat(read(again)).isEqualTo("two");
    write(again, "three");
    assertThat(rows()).containsExactly("a/3/three/note");
  }

  @Test
  void an_actor_that_deleted_its_state_goes_on_and_starts_empty_the_next_time() throws Exception {
    ActorRef<Command> note = node.spawn(new Note("a"));
    write(note, "one");
    delete(note);
    assertThat(read(note)).isEqualTo("empty");
    eventually(() -> assertThat(rows()).isEmpty());
    delete(note);
    write(note, "again");
    assertThat(rows()).containsExactly("a/4/again/note");
    delete(note);

    ActorRef<Command> next = node.spawn(new Note("a"));
    assertThat(read(next)).isEqualTo("empty");
    write(next, "new");
    assertThat(rows()).containsExactly("a/1/new/note");
  }

  @Test
  void what_an_actor_writes_after_a_deletion_that_is_held_up_waits_for_it() throws Exception {
    ActorRef<Command> note = node.spawn(new Note("a"));
    write(note, "one");
    try (Connection holder = world.database().connection();
        Statement statement = holder.createStatement()) {
      // It stops a deletion, and would not stop the write.
      statement.execute("SELECT 1 FROM durable_state FOR KEY SHARE");
      delete(note);
      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
      note.tell(new Write("two", node.<Done>probe().ref()));
      write(node.spawn(new Note("b")), "other states go on");
      holder.rollback();
    }

    eventually(
        () -> assertThat(rows()).containsExactly("a/3/two/note", "b/1/other states go on/note"));
  }

  @Test
  void an_actor_whose_revision_another_incarnation_took_fails_and_changes_nothing()
      throws Exception {
    ActorRef<Command> one = node.spawn(new Note("a"));
    write(one, "one");
    ActorRef<Command> other = node.spawn(new Note("a"));
    assertThat(read(other)).isEqualTo("one");
    write(other, "by the other");

    one.tell(new Write("too late", node.<Done>probe().ref()));

    node.probe().expectTerminated(one, PATIENCE);
    assertThat(rows()).containsExactly("a/2/by the other/note");
  }

  @Test
  void an_actor_whose_state_cannot_be_deserialized_fails_to_recover_and_says_which()
      throws Exception {
    write(node.spawn(new Note("a")), "one");
    world.execute(
        "UPDATE durable_state SET state_serial_id = 4711, state_serial_manifest = 'app.Gone'");

    Note note = new Note("a");
    node.spawn(note);

    assertThat(get(note.recoveryFailure))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("revision 1 of state a can't be deserialized")
        .hasMessageContaining("serializer 4711, manifest 'app.Gone'");
  }

  // The store

  @SuppressWarnings("unchecked")
  private DurableStateUpdateStore<Object> store() {
    return DurableStateStoreRegistry.get(node.system())
        .getDurableStateStoreFor(DurableStateUpdateStore.class, "kintsugi.durable-state");
  }

  private void assertFails(
      CompletionStage<?> stage, Class<? extends Exception> type, String... message) {
    assertThatThrownBy(() -> get(stage)).isInstanceOf(type).hasMessageContainingAll(message);
  }

  @Test
  void a_conflict_names_the_state_and_what_is_expected_and_found() throws Exception {
    get(store().upsertObject("a", 1, "one", ""));
    get(store().upsertObject("a", 2, "two", ""));

    assertFails(
        store().upsertObject("a", 2, "x", ""),
        RevisionConflictException.class,
        "revision 2 of state a can't be written",
        "revision 1 is expected to be stored, and revision 2 is");
    assertFails(
        store().deleteObject("a", 2),
        DeleteRevisionException.class,
        "State a can't be deleted as revision 2",
        "revision 1 is expected to be stored, and revision 2 is");
    assertFails(
        store().upsertObject("a", 0, "x", ""), IllegalArgumentException.class, "0", "state a");
    assertThat(get(store().getObject("a"))).isEqualTo(new GetObjectResult<>(Optional.of("two"), 2));
  }

  @Test
  @SuppressWarnings("deprecation")
  void the_scala_interface_does_the_same() throws Exception {
    org.apache.pekko.persistence.state.scaladsl.DurableStateUpdateStore<Object> scala =
        DurableStateStoreRegistry.get(node.system()).durableStateStoreFor("kintsugi.durable-state");
    get(FutureConverters.asJava(scala.upsertObject("a", 1, "one", "red")));
    get(FutureConverters.asJava(scala.upsertObject("b", 1, "one", "")));

    assertThat(get(FutureConverters.asJava(scala.getObject("a"))).toJava())
        .isEqualTo(new GetObjectResult<>(Optional.of("one"), 1));
    assertFails(
        FutureConverters.asJava(scala.upsertObject("a", 1, "x", "")),
        RevisionConflictException.class,
        "none is expected to be stored, and revision 1 is");
    assertFails(
        FutureConverters.asJava(scala.deleteObject("a", 1)),
        DeleteRevisionException.class,
        "none is expected to be stored, and revision 1 is");
    get(FutureConverters.asJava(scala.deleteObject("a", 2)));
    get(FutureConverters.asJava(scala.deleteObject("b")));
    assertThat(get(FutureConverters.asJava(scala.getObject("a"))).toJava())
        .isEqualTo(new GetObjectResult<>(Optional.empty(), 0));
    assertThat(rows()).isEmpty();
  }

  @Test
  void what_the_table_cannot_hold_is_refused_and_the_store_goes_on() throws Exception {
    assertFails(
        store().upsertObject("a", 1, new Object(), ""),
        NotSerializableException.class,
        "java.lang.Object");
    assertFails(
        store().upsertObject("x".repeat(256), 1, "one", ""),
        IllegalArgumentException.class,
        "revision 1 of state xxx",
        "character varying(255)");
    assertFails(
        store().upsertObject("a\0b", 1, "one", ""),
        IllegalArgumentException.class,
        "revision 1 of state a\\0b",
        "NUL");
    assertFails(
        store().upsertObject("a", 1, "one", "re\0d"),
        IllegalArgumentException.class,
        "revision 1 of state a",
        "NUL");
    assertFails(store().getObject("a\0b"), IllegalArgumentException.class, "state a\\0b", "NUL");

    get(store().upsertObject("a", 1, "one", "red"));
    assertThat(rows()).containsExactly("a/1/one/red");
  }

  @Test
  void a_table_that_is_not_there_is_named_at_first_use() throws Exception {
    world.execute("DROP TABLE durable_state");

    assertFails(
        store().getObject("a"),
        SchemaException.class,
        "\"durable_state\"",
        "is not there",
        "journal.sql",
        "jdbc-durable-state-store");
  }

  @Test
  void table_and_columns_bear_the_names_of_the_configuration() throws Exception {
    node.close();
    world.execute(
        """
        CREATE SCHEMA "Sales";
        CREATE TABLE "Sales"."States" (
          "Off" BIGSERIAL, "Id" TEXT PRIMARY KEY, "Rev" BIGINT, "State" BYTEA, "Ser" INT,
          "Manifest" TEXT, "order" TEXT, "At" BIGINT)
        """);
    node =
        new TestSystem(
            world,
            """
            jdbc-durable-state-store.tables.durable_state {
              tableName = "States", schemaName = "Sales"
              columnNames {
                globalOffset = "Off", persistenceId = "Id", revision = "Rev"
                statePayload = "State", stateSerId = "Ser", stateSerManifest = "Manifest"
                tag = "order", stateTimestamp = "At"
              }
            }
            """);

    get(store().upsertObject("a", 1, "one", "red"));
    get(store().upsertObject("a", 2, "two", "green"));
    assertFails(
        store().upsertObject("a", 2, "x", ""), RevisionConflictException.class, "revision 2 is");

    assertThat(get(store().getObject("a"))).isEqualTo(new GetObjectResult<>(Optional.of("two"), 2));
    assertThat(
            world.column(
                "SELECT concat_ws(' ', \"Off\", \"Rev\", \"order\") FROM \"Sales\".\"States\""))
        .containsExactly("2 2 green");
    get(store().deleteObject("a", 3));
    assertThat(world.column("SELECT \"Id\" FROM \"Sales\".\"States\"")).isEmpty();
  }
}
