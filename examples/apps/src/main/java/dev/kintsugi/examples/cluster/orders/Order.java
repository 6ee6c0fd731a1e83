package dev.kintsugi.examples.cluster.orders;

import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;

/** An order: placed once, then paid or cancelled. On one node of the cluster at a time. */
public final class Order
    extends EventSourcedBehaviorWithEnforcedReplies<Order.Command, OrderEvent, Order.State> {

  public static final EntityTypeKey<Command> TYPE = EntityTypeKey.create(Command.class, "Order");

  /** What an order is told; it answers each. */
  public sealed interface Command {
    ActorRef<Answer> replyTo();
  }

  /**
   * Places it.
   *
   * @param lines one or more
   */
  public record Place(String customer, List<Line> lines, ActorRef<Answer> replyTo)
      implements Command {}

  public record Pay(ActorRef<Answer> replyTo) implements Command {}

  public record Cancel(ActorRef<Answer> replyTo) implements Command {}

  /** What became of a command. */
  public sealed interface Answer {}

  /** It is stored, and in the read models or on record for them. */
  public record Stored(Status status) implements Answer {}

  /** It is not possible as the order stands; nothing is stored. */
  public record Refused(String why) implements Answer {}

  /** There is no such order; nothing is stored. */
  public record NoSuchOrder() implements Answer {}

  /** How far an order is. */
  public enum Status {
    PLACED,
    PAID,
    CANCELLED;

    String inWords() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What an order knows of itself. */
  public sealed interface State {}

  private record Unknown() implements State {}

  private record Known(Status status, String customer, long cents) implements State {
    Known with(Status next) {
      return new Known(next, customer, cents);
    }
  }

  private final InstantSource clock;

  private Order(String id, InstantSource clock) {
    super(PersistenceId.of(TYPE.name(), id));
    this.clock = clock;
  }

  /** Makes orders live on this node, among others. */
  public static void shard(ClusterSharding sharding) {
    sharding.init(
        Entity.of(TYPE, context -> create(context.getEntityId(), InstantSource.system())));
  }

  /** The order of this id, which may not have been placed yet. */
  static Behavior<Command> create(String id, InstantSource clock) {
    return new Order(id, clock);
  }

  @Override
  public State emptyState() {
    return new Unknown();
  }

  @Override
  public CommandHandlerWithReply<Command, OrderEvent, State> commandHandler() {
    return (state, command) -> {
      if (state instanceof Known order) {
        return handle(order, command);
      }
      if (command instanceof Place place) {
        return persist(place, placed(place), Status.PLACED);
      }
      return Effect().reply(command.replyTo(), new NoSuchOrder());
    };
  }

  private ReplyEffect<OrderEvent, State> handle(Known order, Command command) {
    if (command instanceof Place || order.status() != Status.PLACED) {
      return Effect()
          .reply(
              command.replyTo(),
              new Refused("the order is " + order.status().inWords() + " already"));
    }
    return command instanceof Pay
        ? persist(command, new OrderEvent.Paid(order.customer(), order.cents(), now()), Status.PAID)
        : persist(
            command,
            new OrderEvent.Cancelled(order.customer(), order.cents(), now()),
            Status.CANCELLED);
  }

  private ReplyEffect<OrderEvent, State> persist(Command command, OrderEvent event, Status then) {
    Function<State, Answer> answer = state -> new Stored(then);
    return Effect().persist(event).thenReply(command.replyTo(), answer::apply);
  }

  private OrderEvent placed(Place place) {
    return new OrderEvent.Placed(place.customer(), place.lines(), Line.total(place.lines()), now());
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }

  @Override
  public EventHandler<State, OrderEvent> eventHandler() {
    return (state, event) -> {
      if (event instanceof OrderEvent.Placed placed) {
        return new Known(Status.PLACED, placed.customer(), placed.cents());
      }
      Status status = event instanceof OrderEvent.Paid ? Status.PAID : Status.CANCELLED;
      return ((Known) state).with(status);
    };
  }
}
