package dev.kintsugi.runtime.internal.housekeeping;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.node.HousekeepingHints;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Decides when this node looks after the tables of skip records: at its start, then by interval,
 * and soon after much was drained. What it can't do, or another node is at, it tries again after a
 * pause. Nothing that fails here fails anything else.
 */
public final class HousekeepingActor {

  /** What it can be told; it is told nothing but by itself. */
  public sealed interface Command {}

  private record Look() implements Command {}

  private record Hinted(HousekeepingHints.Hint hint) implements Command {}

  private record Ran(Optional<HousekeepingReport> report) implements Command {}

  private record RunFailed(Throwable cause) implements Command {}

  /** How many records have to be archived until it is worth a look at the size of their table. */
  private static final int MANY_RECORDS = 10_000;

  /**
   * After so many runs in a row that were not complete it is said why; with the defaults, an hour.
   */
  private static final int RUNS_IN_THE_WAY = 8;

  private static final String NEXT = "next";
  private static final String AFTER_DRAIN = "after-drain";

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final KintsugiNode node;
  private final Housekeeping housekeeping;
  private final HousekeepingSettings settings;

  /** What the last run has warned of: it is not said again while it stays so. */
  private final Set<String> warned = new HashSet<>();

  private long drained;
  private int incompleteRuns;

  private HousekeepingActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      KintsugiNode node,
      HousekeepingSettings settings) {
    this.context = context;
    this.timers = timers;
    this.node = node;
    this.settings = settings;
    this.housekeeping = new Housekeeping(node.database().forLongWork(), settings);
  }

  /** The actor of a node. */
  public static Behavior<Command> create(KintsugiNode node, HousekeepingSettings settings) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(HousekeepingActor.class);
          node.housekeepingHints().subscribe(hint -> context.getSelf().tell(new Hinted(hint)));
          return Behaviors.withTimers(
              timers -> new HousekeepingActor(context, timers, node, settings).running());
        });
  }

  /** A run is under way on a blocking thread. */
  private Behavior<Command> running() {
    timers.cancelAll();
    drained = 0;
    context.pipeToSelf(
        node.onBlockingThread(this::run),
        (report, error) -> error == null ? new Ran(report) : new RunFailed(error));
    return Behaviors.receive(Command.class)
        .onMessage(Ran.class, this::onRan)
        .onMessage(RunFailed.class, this::onRunFailed)
        .onMessage(Hinted.class, this::onHintedWhileRunning)
        .onMessage(Look.class, look -> Behaviors.same())
        .build();
  }

  private Optional<HousekeepingReport> run() throws Exception {
    Optional<HousekeepingReport> report = housekeeping.run();
    if (report.isPresent()) {
      // As a rule, a drain has done so: unless the record was closed by a writer.
      node.journal().carryOutDeletions(node.database());
    }
    return report;
  }

  private Behavior<Command> onRan(Ran ran) {
    if (ran.report().isEmpty()) {
      return idle(true);
    }
    HousekeepingReport report = ran.report().get();
    warnOnce(report);
    if (!report.postponed().isEmpty()) {
      sayWhatIsInTheWay(report);
    }
    return idle(report.isIncomplete());
  }

  private void warnOnce(HousekeepingReport report) {
    for (HousekeepingReport.Failure failure : report.failures()) {
      if (warned.add(failure.kind())) {
        context.getLog().warn(failure.message(), failure.cause());
      }
    }
    warned.retainAll(
        report.failures().stream()
            .map(HousekeepingReport.Failure::kind)
            .collect(Collectors.toSet()));
  }

  /**
   * Usually it is gone in the next run. If not, somebody should look for a forgotten transaction.
   */
  private void sayWhatIsInTheWay(HousekeepingReport report) {
    if (incompleteRuns == RUNS_IN_THE_WAY) {
      context
          .getLog()
          .warn(
              "Other transactions' locks were in the way of this in {} runs, and it is tried on: {}",
              RUNS_IN_THE_WAY,
              report.postponed());
    } else {
      context.getLog().debug("A lock was in the way of this: {}", report.postponed());
    }
  }

  private Behavior<Command> onRunFailed(RunFailed failed) {
    if (SqlStates.isDatabaseAtFault(failed.cause())) {
      context
          .getLog()
          .info(
              "Housekeeping of the tables of skip records will be tried again: {}",
              failed.cause().getMessage());
    } else if (warned.add("run." + SqlStates.of(failed.cause()).orElse(""))) {
      context
          .getLog()
          .warn(
              "Housekeeping of the tables of skip records failed; it will be tried again",
              failed.cause());
    }
    return idle(true);
  }

  private Behavior<Command> onHintedWhileRunning(Hinted hinted) {
    if (hinted.hint() instanceof HousekeepingHints.Drained more) {
      drained += more.records();
    }
    return Behaviors.same();
  }

  /** Nothing is under way. */
  private Behavior<Command> idle(boolean isIncomplete) {
    incompleteRuns = isIncomplete ? incompleteRuns + 1 : 0;
    timers.startSingleTimer(NEXT, new Look(), pause());
    lookAfterDrain();
    return Behaviors.receive(Command.class)
        .onMessage(Look.class, look -> running())
        .onMessage(Hinted.class, this::onHinted)
        .build();
  }

  private Duration pause() {
    if (incompleteRuns == 0) {
      return settings.interval();
    }
    Duration pause = settings.retry().multipliedBy(1L << Math.min(incompleteRuns - 1, 20));
    return pause.compareTo(settings.interval()) < 0 ? pause : settings.interval();
  }

  private Behavior<Command> onHinted(Hinted hinted) {
    if (hinted.hint() instanceof HousekeepingHints.Drained more) {
      drained += more.records();
      lookAfterDrain();
    } else if (incompleteRuns == 0) {
      // If the last run was incomplete, it will be tried again soon whoever asks.
      return running();
    }
    return Behaviors.same();
  }

  /** Once the drain rests; while it goes on, what is compacted grows again. */
  private void lookAfterDrain() {
    if (drained >= MANY_RECORDS) {
      timers.startSingleTimer(AFTER_DRAIN, new Look(), settings.afterDrain());
    }
  }
}
