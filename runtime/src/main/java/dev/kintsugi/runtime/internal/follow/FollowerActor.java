package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a generation follows further: as soon as the node's feed has a page behind its
 * position. What is done, rows decide ({@link Follower}). Where the database is at fault, it begins
 * anew at its row after a pause, which grows, and differs from follower to follower.
 */
public final class FollowerActor {

  /** What it can be told. */
  public sealed interface Command {}

  /** Rows may have changed that it rests for. */
  public record Wake() implements Command {}

  private record Opened(FollowStep step) implements Command {}

  private record Fed(FeedActor.Answer answer) implements Command {}

  /** What it has read by itself, of what is final up to an ordering. */
  private record PageRead(JournalPage page, long finalUpTo) implements Command {}

  /** A part of a page is done; what is left of it. */
  private record Taken(FollowStep step, JournalPage page) implements Command {}

  private record Failed(Throwable cause) implements Command {}

  private record Again() implements Command {}

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(200);

  /** Who reads by itself is far behind, and reads as much as this many pages of the feed. */
  private static final int LARGER = 4;

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final SharedJournal journal;
  private final KintsugiNode node;
  private final Follower follower;
  private final String projection;
  private final int generation;
  private final String name;
  private final boolean isTagged;
  private final Applier applier = new Applier();
  private final ActorRef<FeedActor.Answer> feeds;
  private final Duration longestPause;
  private final OutageLog outages;
  private int failures;
  private String lastRest = "";

  /** The page behind the one that is being applied, where it reads by itself. */
  private @Nullable CompletionStage<PageRead> ahead;

  private FollowerActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SharedJournal journal,
      HandlerTarget target) {
    this.context = context;
    this.timers = timers;
    this.journal = journal;
    this.node = journal.node();
    this.follower = new Follower(node.database(), node.journal(), target, journal.settings());
    this.projection = target.projection().name();
    this.generation = target.generation();
    this.name = "Projection '%s', generation %d".formatted(projection, generation);
    this.isTagged = target.projection().subscription().isByTag();
    this.feeds = context.messageAdapter(FeedActor.Answer.class, Fed::new);
    this.outages = new OutageLog(context.getLog());
    this.longestPause = node.config().getDuration("supervisor.max-backoff");
  }

  /** The actor that has a generation follow, from wherever its row says that it stands. */
  public static Behavior<Command> create(SharedJournal journal, HandlerTarget target) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(FollowerActor.class);
          return Behaviors.withTimers(
              timers -> new FollowerActor(context, timers, journal, target).opening());
        });
  }

  /** On a blocking thread, when it is this follower's turn. */
  private <T> CompletionStage<T> run(Callable<T> work) {
    return journal.turns().take(() -> node.onBlockingThread(work));
  }

  /** Reads where it stands. */
  private Behavior<Command> opening() {
    timers.cancelAll();
    ahead = null;
    CompletionStage<FollowStep> opened = run(follower::open);
    context.pipeToSelf(
        opened, (step, error) -> error == null ? new Opened(step) : new Failed(error));
    return Behaviors.receive(Command.class)
        .onMessage(Opened.class, done -> onOpened(done.step()))
        .onMessage(Failed.class, this::onFailed)
        .onAnyMessage(other -> Behaviors.same())
        .onSignal(PostStop.class, signal -> close())
        .build();
  }

  private Behavior<Command> onOpened(FollowStep step) {
    if (!(step instanceof FollowStep.Moved)) {
      return resting(step);
    }
    failures = 0;
    lastRest = "";
    return asking();
  }

  /** Nothing is under way, until the feed answers. */
  private Behavior<Command> asking() {
    journal.feed().tell(new FeedActor.Next(follower.standing(), isTagged, feeds));
    return Behaviors.receive(Command.class)
        .onMessage(Fed.class, message -> onFed(message.answer()))
        .onAnyMessage(other -> Behaviors.same())
        .onSignal(PostStop.class, signal -> close())
        .build();
  }

  private Behavior<Command> onFed(FeedActor.Answer answer) {
    if (answer instanceof FeedActor.Page page) {
      return taking(page.page());
    }
    if (answer instanceof FeedActor.Stored stored) {
      return onStored(stored.step());
    }
    return reading(read(follower.position(), ((FeedActor.Far) answer).upTo()));
  }

  private CompletionStage<PageRead> read(long after, long finalUpTo) {
    int size = LARGER * journal.settings().batchSize();
    return node.inTransaction(
        connection -> {
          JournalPage page = journal.reader().read(connection, after, finalUpTo, size, isTagged);
          page.decodeFor(follower.subscription());
          return new PageRead(page, finalUpTo);
        });
  }

  private Behavior<Command> reading(CompletionStage<PageRead> page) {
    context.pipeToSelf(page, (read, error) -> error == null ? read : new Failed(error));
    return Behaviors.receive(Command.class)
        .onMessage(PageRead.class, this::onRead)
        .onMessage(Failed.class, this::onFailed)
        .onAnyMessage(other -> Behaviors.same())
        .onSignal(PostStop.class, signal -> close())
        .build();
  }

  /** While it is applied, the next one is read. */
  private Behavior<Command> onRead(PageRead read) {
    long end = read.page().upTo();
    ahead = end < read.finalUpTo() ? read(end, read.finalUpTo()) : null;
    return taking(read.page());
  }

  private Behavior<Command> onStored(FollowStep step) {
    if (!(step instanceof FollowStep.Moved)) {
      return resting(step);
    }
    follower.isStored();
    return asking();
  }

  /** A page, or a part of it, is being applied on a blocking thread. */
  private Behavior<Command> taking(JournalPage page) {
    CompletionStage<Taken> taken =
        run(
            () ->
                page.covers(follower.position())
                    ? new Taken(follower.take(applier, page), page)
                    : new Taken(new FollowStep.Moved(follower.position(), 0, 0, 0), page));
    context.pipeToSelf(taken, (done, error) -> error == null ? done : new Failed(error));
    return Behaviors.receive(Command.class)
        .onMessage(Taken.class, this::onTaken)
        .onMessage(Failed.class, this::onFailed)
        .onAnyMessage(other -> Behaviors.same())
        .onSignal(PostStop.class, signal -> closeAfter(taken))
        .build();
  }

  private Behavior<Command> onTaken(Taken taken) {
    if (!(taken.step() instanceof FollowStep.Moved moved)) {
      return resting(taken.step());
    }
    failures = 0;
    node.counters().followed(projection, moved.applied(), moved.failed(), moved.behind());
    if (moved.failed() > 0) {
      context
          .getLog()
          .warn(
              "{} recorded {} events up to ordering {} as failed, and {} behind them in their streams;"
                  + " recovery tries them again, other streams go on",
              name,
              moved.failed(),
              moved.position(),
              moved.behind());
    }
    if (taken.page().covers(follower.position())) {
      return taking(taken.page());
    }
    CompletionStage<PageRead> next = ahead;
    ahead = null;
    return next != null ? reading(next) : asking();
  }

  /** Until it is woken: its supervisor looks at the rows now and then. */
  private Behavior<Command> resting(FollowStep step) {
    String why = step.toString();
    if (step instanceof FollowStep.BeyondJournal beyond && !why.equals(lastRest)) {
      context
          .getLog()
          .error(
              FollowingRows.beyond(
                  projection, generation, beyond.position(), beyond.lastOrdering()));
    }
    lastRest = why;
    context.getLog().debug("{} rests: {}", name, why);
    return Behaviors.receive(Command.class)
        .onMessage(Wake.class, wake -> opening())
        .onAnyMessage(other -> Behaviors.same())
        .onSignal(PostStop.class, signal -> close())
        .build();
  }

  private Behavior<Command> onFailed(Failed failed) {
    node.housekeepingHints().failed(failed.cause());
    failures++;
    Duration pause = pause();
    outages.warn(
        "%s can't follow, try %d; nothing of this step was done, and it goes on from its cursor in %d ms"
            .formatted(name, failures, pause.toMillis()),
        failed.cause());
    timers.startSingleTimer(new Again(), pause);
    return Behaviors.receive(Command.class)
        .onMessage(Again.class, again -> opening())
        .onAnyMessage(other -> Behaviors.same())
        .onSignal(PostStop.class, signal -> close())
        .build();
  }

  private Duration pause() {
    long longest =
        Math.min(
            longestPause.toMillis(),
            SHORTEST_PAUSE.toMillis() << Math.min(10, Math.max(0, failures - 1)));
    return Duration.ofMillis(
        (long) (longest * ThreadLocalRandom.current().nextDouble(0.5, 1.5)) + 1);
  }

  private Behavior<Command> closeAfter(CompletionStage<?> running) {
    applier.closeAfter(running);
    return Behaviors.same();
  }

  private Behavior<Command> close() {
    applier.close();
    return Behaviors.same();
  }
}
