package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.status.WaitingDeletions;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.DeleteEventsCompleted;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An actor that deletes its events with each snapshot, beside an event that is parked. */
class DeleteOnSnapshotTest {

  private final World world = new World();
  private final TestProjection log =
      new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry().thenPark());
  private final TestSystem node = new TestSystem(world, "kintsugi.supervisor.poll-interval = 1h");
  private final TestProbe<Long> deleted = node.probe();
  private final TestProbe<String> states = node.probe();

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  /** Persists what it is told, a snapshot with each fifth; "?" asks for its state. */
  private static final class Snapshotting extends EventSourcedBehavior<String, String, String> {
    private final ActorRef<Long> deleted;
    private final ActorRef<String> states;

    Snapshotting(String persistenceId, ActorRef<Long> deleted, ActorRef<String> states) {
      super(PersistenceId.ofUniqueId(persistenceId));
      this.deleted = deleted;
      this.states = states;
    }

    static Behavior<String> create(ActorRef<Long> deleted, ActorRef<String> states) {
      return Behaviors.setup(
          (ActorContext<String> context) -> new Snapshotting("a", deleted, states));
    }

    @Override
    public String emptyState() {
      return "";
    }

    @Override
    public CommandHandler<String, String, String> commandHandler() {
      return newCommandHandlerBuilder()
          .forAnyState()
          .onCommand(
              text -> text.equals("?"),
              (state, text) -> Effect().none().thenRun((String now) -> states.tell(now)))
          .onCommand(text -> text.equals("stop"), (state, text) -> Effect().stop())
          .onAnyCommand((state, text) -> Effect().persist(text));
    }

    @Override
    public EventHandler<String, String> eventHandler() {
      return newEventHandlerBuilder().forAnyState().onAnyEvent((state, event) -> state + event);
    }

    @Override
    public RetentionCriteria retentionCriteria() {
      return RetentionCriteria.snapshotEvery(5, 1).withDeleteEventsOnSnapshot();
    }

    @Override
    public SignalHandler<String> signalHandler() {
      return newSignalHandlerBuilder()
          .onSignal(
              DeleteEventsCompleted.class,
              (state, completed) -> deleted.tell(completed.toSequenceNr()))
          .build();
    }
  }

  private ActorRef<String> snapshotting() {
    return node.spawn(Snapshotting.create(deleted.ref(), states.ref()));
  }

  @Test
  void loses_nothing_behind_it_and_deletes_once_it_is_mended() throws Exception {
    node.startAndFinish(log.failOn("c"));
    ActorRef<String> actor = snapshotting();
    for (char event = 'a'; event <= 't'; event++) {
      actor.tell(String.valueOf(event));
    }
    long last = 0;
    while (last < 15) {
      last = deleted.expectMessageClass(Long.class, PATIENCE);
    }
    eventually(() -> assertThat(world.open(log)).hasSize(18).contains("a/3 FAILED"));

    assertThat(world.column("SELECT min(sequence_number) FROM event_journal WHERE NOT deleted"))
        .containsExactly("3");
    assertThat(get(node.kintsugi().status("log")).waitingDeletions())
        .isEqualTo(new WaitingDeletions(13, 1, List.of("a")));
    actor.tell("stop");
    node.probe().expectTerminated(actor, PATIENCE);
    ActorRef<String> again = snapshotting();
    again.tell("?");
    assertThat(states.receiveMessage(PATIENCE)).isEqualTo("abcdefghijklmnopqrst");

    log.repair();
    get(node.kintsugi().skips("log").retry(SkipFilter.any(), "mended"));

    List<String> all = IntStream.rangeClosed(1, 20).mapToObj(i -> "a/" + i).toList();
    eventually(() -> assertThat(world.applied(log)).isEqualTo(all));
    eventually(
        () ->
            assertThat(
                    world.column(
                        "SELECT min(sequence_number) FROM event_journal WHERE NOT deleted"))
                .containsExactly("16"));
    assertThat(world.column("SELECT count(*) FROM kintsugi_deletion")).containsExactly("0");
    assertThat(get(node.kintsugi().status("log")).counts().recovered()).isEqualTo(18);
  }
}
