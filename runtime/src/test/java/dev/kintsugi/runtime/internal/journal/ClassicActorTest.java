package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.MissingEventsException;
import dev.kintsugi.runtime.persistence.StreamConflictException;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.Props;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.AbstractPersistentActor;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.RecoveryCompleted;
import org.apache.pekko.persistence.journal.WriteEventAdapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import scala.Option;

/**
 * The journal plugin under classic persistent actors, which tell a rejection from a failure, send
 * more before they are answered, and delete.
 */
@Tag("slow")
class ClassicActorTest {

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node =
      new TestSystem(
          world,
          """
          kintsugi.journal {
            event-adapters.failing = "%s"
            event-adapter-bindings."%s" = failing
          }
          """
              .formatted(FailingAdapter.class.getName(), Unadaptable.class.getName()));
  private final TestProbe<Object> told = node.probe();

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  /** Serializers know nothing of it. */
  private static final class Unserializable {}

  /** The event adapter takes no such thing. */
  private static final class Unadaptable {}

  /** Throws. */
  public static final class FailingAdapter implements WriteEventAdapter {
    @Override
    public String manifest(Object event) {
      return "";
    }

    @Override
    public Object toJournal(Object event) {
      throw new IllegalArgumentException("no form in the journal");
    }
  }

  private record All(List<Object> events) {}

  private record EachWithoutWaiting(List<Object> events) {}

  private record Delete(long to) {}

  private record Recovered(List<Object> events, long highest) {}

  private record Stored(Object event, long sequenceNumber) {}

  private record RecoveryFailed(Throwable cause) {}

  private record Rejected(Throwable cause, long sequenceNumber) {}

  private record Failed(Throwable cause, long sequenceNumber) {}

  /** Persists what it is told, and tells what becomes of it. */
  private static final class Actor extends AbstractPersistentActor {
    private final String persistenceId;
    private final Consumer<Object> listener;
    private final List<Object> recovered = new ArrayList<>();

    Actor(String persistenceId, Consumer<Object> listener) {
      this.persistenceId = persistenceId;
      this.listener = listener;
    }

    @Override
    public String persistenceId() {
      return persistenceId;
    }

    @Override
    public Receive createReceiveRecover() {
      return receiveBuilder()
          .match(
              RecoveryCompleted.class,
              done -> tell(new Recovered(List.copyOf(recovered), lastSequenceNr())))
          .matchAny(recovered::add)
          .build();
    }

    @Override
    public AbstractActor.Receive createReceive() {
      return receiveBuilder()
          .match(All.class, all -> persistAll(all.events(), this::stored))
          .match(EachWithoutWaiting.class, each -> persistAllAsyncEach(each.events()))
          .match(Delete.class, delete -> deleteMessages(delete.to()))
          .match(DeleteMessagesSuccess.class, this::tell)
          .matchAny(event -> persist(event, this::stored))
          .build();
    }

    private void persistAllAsyncEach(List<Object> events) {
      events.forEach(event -> persistAsync(event, this::stored));
    }

    private void stored(Object event) {
      tell(new Stored(event, lastSequenceNr()));
    }

    private void tell(Object message) {
      listener.accept(message);
    }

    @Override
    public void onRecoveryFailure(Throwable cause, Option<Object> event) {
      tell(new RecoveryFailed(cause));
    }

    @Override
    public void onPersistRejected(Throwable cause, Object event, long sequenceNumber) {
      tell(new Rejected(cause, sequenceNumber));
    }

    @Override
    public void onPersistFailure(Throwable cause, Object event, long sequenceNumber) {
      tell(new Failed(cause, sequenceNumber));
    }
  }

  private ActorRef startAnew(String persistenceId) {
    return node.system()
        .actorOf(Props.create(Actor.class, () -> new Actor(persistenceId, told.ref()::tell)));
  }

  private ActorRef start(String persistenceId, List<Object> recovered, long highest) {
    ActorRef actor = startAnew(persistenceId);
    assertThat(expect(Recovered.class)).isEqualTo(new Recovered(recovered, highest));
    return actor;
  }

  private void stop(ActorRef actor) {
    node.system().stop(actor);
    told.expectTerminated(Adapter.toTyped(actor), PATIENCE);
  }

  private void tell(ActorRef actor, Object message) {
    actor.tell(message, ActorRef.noSender());
  }

  private <T> T expect(Class<T> message) {
    return told.expectMessageClass(message, PATIENCE);
  }

  private List<String> stored() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM event_journal"
            + " ORDER BY persistence_id, sequence_number");
  }

  @Test
  void an_event_that_can_not_be_serialized_is_rejected_and_the_next_one_is_stored()
      throws Exception {
    ActorRef actor = start("a", List.of(), 0);

    tell(actor, new Unserializable());
    Rejected rejected = expect(Rejected.class);
    tell(actor, "next");

    assertThat(rejected.sequenceNumber()).isEqualTo(1);
    assertThat(rejected.cause()).hasMessageContaining(Unserializable.class.getName());
    assertThat(expect(Stored.class).event()).isEqualTo("next");
    assertThat(stored()).containsExactly("a/2");
    stop(actor);
    start("a", List.of("next"), 2);
  }

  @Test
  void a_gap_that_rejected_events_left_is_no_loss_however_they_were_rejected() throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.reject()).failOn("poison"));
    ActorRef actor = start("a", List.of(), 0);
    for (Object each :
        List.of(
            "one",
            new Unserializable(),
            new Unadaptable(),
            "poison",
            new All(List.of("x", "poison")))) {
      tell(actor, each);
    }
    expect(Stored.class);
    for (long number = 2; number <= 6; number++) {
      assertThat(expect(Rejected.class).sequenceNumber()).isEqualTo(number);
    }
    tell(actor, "seven");
    assertThat(expect(Stored.class)).isEqualTo(new Stored("seven", 7));
    stop(actor);

    start("a", List.of("one", "seven"), 7);
    assertThat(rejectedNumbers()).containsExactly("a/2", "a/3", "a/4", "a/5", "a/6");
    assertThat(stored()).containsExactly("a/1", "a/7");
    world.auditWhole(log);
  }

  @Test
  void a_rejected_event_with_none_behind_it_leaves_no_gap_and_no_record() throws Exception {
    ActorRef actor = start("a", List.of(), 0);
    tell(actor, "one");
    expect(Stored.class);
    tell(actor, new Unserializable());
    expect(Rejected.class);
    stop(actor);

    ActorRef again = start("a", List.of("one"), 1);
    tell(again, "two");

    assertThat(expect(Stored.class)).isEqualTo(new Stored("two", 2));
    assertThat(rejectedNumbers()).isEmpty();
  }

  @Test
  void a_stream_that_lost_an_event_is_not_recovered_past_it() throws Exception {
    ActorRef actor = start("a", List.of(), 0);
    tell(actor, new All(List.of("one", "two", "three", "four", "five")));
    for (int i = 1; i <= 5; i++) {
      expect(Stored.class);
    }
    stop(actor);
    world.execute("DELETE FROM event_journal WHERE sequence_number IN (2, 4)");

    startAnew("a");

    assertThat(expect(RecoveryFailed.class).cause())
        .isInstanceOf(MissingEventsException.class)
        .hasMessageContaining("Stream a has no event 2,");
    world.execute("INSERT INTO kintsugi_rejected VALUES ('a', 2)");
    startAnew("a");
    assertThat(expect(RecoveryFailed.class).cause())
        .hasMessageContaining("Stream a has no event 4,");
    world.execute("INSERT INTO kintsugi_rejected VALUES ('a', 4)");
    start("a", List.of("one", "three", "five"), 5);
  }

  @Test
  void an_event_whose_class_is_gone_fails_the_recovery_by_its_name() throws Exception {
    ActorRef actor = start("a", List.of(), 0);
    tell(actor, new All(List.of("one", "two")));
    expect(Stored.class);
    expect(Stored.class);
    stop(actor);
    world.execute(
        "UPDATE event_journal SET event_ser_id = 31, event_ser_manifest = 'app.Gone'"
            + " WHERE sequence_number = 2");

    startAnew("a");

    assertThat(expect(RecoveryFailed.class).cause())
        .hasMessageContaining("event 2 of stream a")
        .hasMessageContaining("serializer 31, manifest 'app.Gone'");
  }

  private List<String> rejectedNumbers() throws Exception {
    return world.column(
        "SELECT persistence_id || '/' || sequence_number FROM kintsugi_rejected ORDER BY 1");
  }

  @Test
  void of_events_sent_without_waiting_only_the_one_that_can_not_be_serialized_is_rejected()
      throws Exception {
    ActorRef actor = start("a", List.of(), 0);

    tell(actor, new EachWithoutWaiting(List.of("one", new Unserializable(), "three")));

    assertThat(expect(Stored.class)).isEqualTo(new Stored("one", 1));
    assertThat(expect(Rejected.class).sequenceNumber()).isEqualTo(2);
    assertThat(expect(Stored.class).event()).isEqualTo("three");
    assertThat(stored()).containsExactly("a/1", "a/3");
  }

  @Test
  void events_persisted_at_once_are_rejected_at_once() throws Exception {
    node.startAndFinish(log.onFailure(FailurePolicy.reject()).failOn("poison"));
    ActorRef actor = start("a", List.of(), 0);

    tell(actor, new All(List.of("one", "poison", "three")));

    for (int i = 1; i <= 3; i++) {
      assertThat(expect(Rejected.class).cause()).isInstanceOf(AppendRejectedException.class);
    }
    assertThat(stored()).isEmpty();
    assertThat(world.applied(log)).isEmpty();
    tell(actor, "next");
    assertThat(expect(Stored.class).event()).isEqualTo("next");
    world.auditWhole(log);
  }

  @Test
  void a_conflict_is_a_failure_that_tells_of_the_other_writer_and_stops_the_actor()
      throws Exception {
    ActorRef actor = start("a", List.of(), 0);
    world.append(world.event("a", 1, "by another"));

    tell(actor, "too late");

    assertThat(expect(Failed.class).cause())
        .isInstanceOfSatisfying(
            StreamConflictException.class,
            e -> assertThat(List.of(e.expected(), e.found())).containsExactly(0L, 1L));
    told.expectTerminated(Adapter.toTyped(actor), PATIENCE);
    ActorRef next = start("a", List.of("by another"), 1);
    tell(next, "two");
    assertThat(expect(Stored.class)).isEqualTo(new Stored("two", 2));
  }

  @Test
  void a_stream_whose_events_were_deleted_goes_on_behind_them() throws Exception {
    ActorRef actor = start("a", List.of(), 0);
    tell(actor, new All(List.of("one", "two", "three")));
    for (int i = 1; i <= 3; i++) {
      expect(Stored.class);
    }

    tell(actor, new Delete(3));
    expect(DeleteMessagesSuccess.class);
    stop(actor);

    assertThat(world.column("SELECT sequence_number || ' ' || deleted FROM event_journal"))
        .containsExactly("3 true");
    ActorRef again = start("a", List.of(), 3);
    tell(again, "four");
    assertThat(expect(Stored.class)).isEqualTo(new Stored("four", 4));
    stop(again);
    start("a", List.of("four"), 4);
  }
}
