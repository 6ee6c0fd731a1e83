package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.typed.ReplicaId;
import org.apache.pekko.persistence.typed.ReplicationId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.ReplicatedEventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.ReplicatedEventSourcing;
import org.apache.pekko.persistence.typed.javadsl.ReplicationContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Events with metadata: a replicated actor can't recover without it. */
class ReplicatedMetadataTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  /** A {@link Recorder} that is replicated. */
  private static final class Replicated
      extends ReplicatedEventSourcedBehavior<Recorder.Command, String, List<String>> {

    private Replicated(ReplicationContext context) {
      super(context);
    }

    static Behavior<Recorder.Command> create(String entity) {
      ReplicaId here = new ReplicaId("here");
      return ReplicatedEventSourcing.commonJournalConfig(
          new ReplicationId("Replicated", entity, here), Set.of(here), "none", Replicated::new);
    }

    @Override
    public List<String> emptyState() {
      return List.of();
    }

    @Override
    public CommandHandler<Recorder.Command, String, List<String>> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(
              Recorder.Persist.class,
              (state, persist) ->
                  Effect()
                      .persist(persist.events())
                      .thenRun(() -> persist.replyTo().tell(Done.getInstance())))
          .onCommand(Recorder.Read.class, (state, read) -> Effect().reply(read.replyTo(), state))
          .onCommand(Recorder.Stop.class, stop -> Effect().stop())
          .build();
    }

    @Override
    public EventHandler<List<String>, String> eventHandler() {
      return newEventHandlerBuilder()
          .forAnyState()
          .onAnyEvent(
              (state, event) -> {
                List<String> next = new ArrayList<>(state);
                next.add(event + " of " + getReplicationContext().origin().id());
                return List.copyOf(next);
              });
    }
  }

  @Test
  void a_replicated_actor_finds_its_events_metadata_when_it_recovers() throws Exception {
    node.startAndFinish(log);
    ActorRef<Recorder.Command> actor = node.spawn(Replicated.create("a"));
    get(node.persist(actor, "one", "two"));
    node.stop(actor);

    ActorRef<Recorder.Command> again = node.spawn(Replicated.create("a"));

    assertThat(node.read(again)).containsExactly("one of here", "two of here");
    assertThat(
            world.column(
                "SELECT sequence_number FROM event_journal WHERE meta_ser_id IS NOT NULL"
                    + " AND meta_ser_manifest <> '' AND length(meta_payload) > 0 ORDER BY 1"))
        .containsExactly("1", "2");
    assertThat(world.applied(log)).hasSize(2);
  }
}
