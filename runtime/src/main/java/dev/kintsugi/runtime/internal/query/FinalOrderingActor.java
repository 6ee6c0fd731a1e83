package dev.kintsugi.runtime.internal.query;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.finality.FinalOrdering;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.persistence.OrderingsWentBackException;
import dev.kintsugi.runtime.status.FenceHolder;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.pattern.StatusReply;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when to look up to where a table is final, for all queries of this node: at once when
 * this node has written, else by poll, less often the longer there is nothing new, and not at all
 * while nobody waits.
 */
final class FinalOrderingActor {

  private static final Logger log = LoggerFactory.getLogger(FinalOrderingActor.class);

  sealed interface Command {}

  /**
   * Asks for a final ordering above this one. If there is none for a while the answer is the one
   * that there is, and the question is to be asked again; so that no stream that is gone is waited
   * for.
   *
   * @param seen the highest that has been seen in the table, or 0: if it is above, it is worth to
   *     look at once, and it is proven final though its row may be gone
   */
  record AwaitAbove(long ordering, long seen, ActorRef<StatusReply<Long>> replyTo)
      implements Command {}

  /** This node has written. */
  record Written() implements Command {}

  private record Poll() implements Command {}

  private record Impatient() implements Command {}

  private record Looked(FinalOrdering now, Duration took) implements Command {}

  private record LookFailed(Throwable error) implements Command {}

  /** How long a question waits before it is answered with what there is. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** However much is written, it is looked no more often than this. */
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(10);

  /** A look takes long where the server holds many locks: so it looks a tenth of the time. */
  private static final int PAUSE_BY_LOOK = 9;

  private record Waiting(AwaitAbove question, long sinceNanos) {}

  private final ActorContext<Command> context;
  private final KintsugiNode node;
  private final NumberedTable table;
  private final QuerySettings settings;
  private final TimerScheduler<Command> timers;

  private final List<Waiting> waiting = new ArrayList<>();
  private FinalOrdering now = FinalOrdering.NONE;
  private boolean looking;
  private boolean lookAgain;
  private long lookedAtNanos;

  /** How long the last look took, and how long the next one has to wait for that. */
  private Duration tookLast = Duration.ZERO;

  private Duration betweenLooks = BETWEEN_LOOKS;
  private Duration pause;
  private Duration warnAfter;

  static Behavior<Command> create(KintsugiNode node, NumberedTable table, QuerySettings settings) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new FinalOrderingActor(context, timers, node, table, settings).answering()));
  }

  private FinalOrderingActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      KintsugiNode node,
      NumberedTable table,
      QuerySettings settings) {
    this.context = context;
    this.node = node;
    this.table = table;
    this.settings = settings;
    this.timers = timers;
    this.pause = settings.pollMin();
    this.warnAfter = settings.warnAfter();
    this.lookedAtNanos = System.nanoTime() - BETWEEN_LOOKS.toNanos();
  }

  private Behavior<Command> answering() {
    return Behaviors.receive(Command.class)
        .onMessage(AwaitAbove.class, this::onAwaitAbove)
        .onMessage(Written.class, written -> lookSoon())
        .onMessage(Poll.class, poll -> look())
        .onMessage(Impatient.class, impatient -> onImpatient())
        .onMessage(Looked.class, this::onLooked)
        .onMessage(LookFailed.class, this::onLookFailed)
        .build();
  }

  private Behavior<Command> onAwaitAbove(AwaitAbove question) {
    if (now.ordering() > question.ordering()) {
      question.replyTo().tell(StatusReply.success(now.ordering()));
      return Behaviors.same();
    }
    waiting.add(new Waiting(question, System.nanoTime()));
    watchPatience();
    return question.seen() > question.ordering() || (!looking && !timers.isTimerActive(Poll.class))
        ? lookSoon()
        : Behaviors.same();
  }

  /** Looks at once, or as soon as may be. */
  private Behavior<Command> lookSoon() {
    if (waiting.isEmpty()) {
      return Behaviors.same();
    }
    if (looking) {
      lookAgain = true;
    } else if (System.nanoTime() - lookedAtNanos >= betweenLooks.toNanos()) {
      return look();
    } else {
      pollAfter(betweenLooks);
    }
    return Behaviors.same();
  }

  private Behavior<Command> look() {
    timers.cancel(Poll.class);
    looking = true;
    lookAgain = false;
    FinalOrdering before = now;
    long asked = highest(AwaitAbove::ordering);
    long seen = highest(AwaitAbove::seen);
    context.pipeToSelf(
        node.onBlockingThread(() -> look(before, asked, seen)),
        (looked, error) -> error == null ? looked : new LookFailed(error));
    return Behaviors.same();
  }

  private long highest(ToLongFunction<AwaitAbove> of) {
    return waiting.stream().map(Waiting::question).mapToLong(of).max().orElse(0);
  }

  private Looked look(FinalOrdering before, long asked, long seen) throws SQLException {
    try (Connection connection = node.database().connection()) {
      long begin = System.nanoTime();
      FinalOrdering found = before.look(connection, table, asked, seen);
      return new Looked(found, Duration.ofNanos(System.nanoTime() - begin));
    }
  }

  private Behavior<Command> onLooked(Looked looked) {
    looking = false;
    boolean isNews = !looked.now().equals(now);
    now = looked.now();
    answer();
    warnOfHolders();
    lookedAtNanos = System.nanoTime();
    rest(looked.took());
    pause = isNews ? settings.pollMin() : settings.longer(pause);
    pollAfter(lookAgain ? betweenLooks : longerOf(pause, betweenLooks));
    return Behaviors.same();
  }

  /** One look that took long by chance is no reason to rest. */
  private void rest(Duration took) {
    Duration least = took.compareTo(tookLast) < 0 ? took : tookLast;
    tookLast = took;
    betweenLooks = longerOf(BETWEEN_LOOKS, least.multipliedBy(PAUSE_BY_LOOK));
  }

  private static Duration longerOf(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  /** Answers who has waited long enough, however rarely it is looked. */
  private Behavior<Command> onImpatient() {
    answer();
    watchPatience();
    return Behaviors.same();
  }

  private void watchPatience() {
    if (!waiting.isEmpty() && !timers.isTimerActive(Impatient.class)) {
      timers.startSingleTimer(Impatient.class, new Impatient(), PATIENCE);
    }
  }

  private void answer() {
    long patientSince = System.nanoTime() - PATIENCE.toNanos();
    waiting.removeIf(
        asked -> {
          boolean answered =
              now.ordering() > asked.question().ordering() || asked.sinceNanos() - patientSince < 0;
          if (answered) {
            asked.question().replyTo().tell(StatusReply.success(now.ordering()));
          }
          return answered;
        });
  }

  private void pollAfter(Duration time) {
    if (!waiting.isEmpty()) {
      timers.startSingleTimer(Poll.class, new Poll(), time);
    }
  }

  /** The streams fail, and are restarted by whoever runs them; the database may be back by then. */
  private Behavior<Command> onLookFailed(LookFailed failed) {
    looking = false;
    if (failed.error() instanceof OrderingsWentBackException) {
      // What was proven is so of another history.
      now = FinalOrdering.NONE;
    }
    waiting.forEach(asked -> asked.question().replyTo().tell(StatusReply.error(failed.error())));
    waiting.clear();
    return Behaviors.same();
  }

  private void warnOfHolders() {
    if (now.unproven().isEmpty()) {
      warnAfter = settings.warnAfter();
      return;
    }
    FinalOrdering.Unproven unproven = now.unproven().get();
    if (Duration.between(unproven.since(), Instant.now()).compareTo(warnAfter) < 0) {
      return;
    }
    warnAfter = warnAfter.multipliedBy(2);
    node.inTransaction(connection -> unproven.holders(connection, table))
        .whenComplete((holders, error) -> warn(unproven, holders, error));
  }

  private void warn(
      FinalOrdering.Unproven unproven,
      @Nullable List<FenceHolder> holders,
      @Nullable Throwable error) {
    String who =
        holders == null
            ? "unknown: " + error
            : holders.isEmpty() ? "nobody any more" : holders.toString();
    log.warn(
        "Live queries of {} have waited since {} for what was written up to {} {}: transactions that have"
            + " written there are still open and may have drawn a lower one. Nothing is lost; end these: {}",
        table.name(),
        unproven.since(),
        table.number(),
        unproven.ordering(),
        who);
  }
}
