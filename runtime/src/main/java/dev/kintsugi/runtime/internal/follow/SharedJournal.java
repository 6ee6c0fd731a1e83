package dev.kintsugi.runtime.internal.follow;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.query.FinalPages;
import dev.kintsugi.runtime.internal.query.QuerySettings;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/** What the followers of a node share: what is final, and one read of the journal. */
public final class SharedJournal {

  private static final String PARALLELISM = "follow.parallelism";
  private static final String THREADS = "blocking-dispatcher.thread-pool-executor.fixed-pool-size";

  /** Of a dispatcher of the application's own kind: as many as the default has. */
  private static final int UNKNOWN_THREADS = 12;

  private final ActorSystem<?> system;
  private final KintsugiNode node;
  private final FinalPages finality;
  private final JournalReader reader;
  private final FollowSettings settings;
  private final StepTurns turns;
  private final ActorRef<FeedActor.Command> feed;

  private SharedJournal(ActorSystem<?> system, KintsugiNode node) {
    this.system = system;
    this.node = node;
    this.settings = FollowSettings.of(node.config().getConfig("follow"));
    this.turns = new StepTurns(parallelism(node.config()));
    this.finality =
        new FinalPages(
            system,
            node,
            node.journal().orderings(),
            QuerySettings.of(node.config().getConfig("query")),
            "kintsugi-follow");
    this.reader = new JournalReader(node.journal(), node.codec());
    this.feed =
        system.systemActorOf(
            Behaviors.supervise(FeedActor.create(this))
                .onFailure(
                    SupervisorStrategy.restartWithBackoff(
                        node.config().getDuration("supervisor.min-backoff"),
                        node.config().getDuration("supervisor.max-backoff"),
                        0.2)),
            "kintsugi-follow-feed",
            Props.empty());
    node.writeHints().subscribe(streams -> finality.written());
  }

  /** The one of a node. No database is needed before somebody follows. */
  public static SharedJournal start(ActorSystem<?> system, KintsugiNode node) {
    return new SharedJournal(system, node);
  }

  /** Half of the threads that there are, unless it is set. */
  private static int parallelism(Config config) {
    if (!config.getString(PARALLELISM).equals("auto")) {
      return config.getInt(PARALLELISM);
    }
    return config.hasPath(THREADS) ? Math.max(1, config.getInt(THREADS) / 2) : UNKNOWN_THREADS / 2;
  }

  KintsugiNode node() {
    return node;
  }

  ActorSystem<?> system() {
    return system;
  }

  JournalReader reader() {
    return reader;
  }

  FollowSettings settings() {
    return settings;
  }

  StepTurns turns() {
    return turns;
  }

  ActorRef<FeedActor.Command> feed() {
    return feed;
  }

  /** Up to where the journal is final, again and again as it rises above an ordering. */
  Source<Long, NotUsed> finalAbove(long ordering) {
    return finality.live(
        ordering, (connection, after, upTo) -> new FinalPages.Page<>(List.of(upTo), upTo));
  }

  /**
   * Begins a proof that the journal is final up to an ordering, which is at least the highest that
   * is committed by now.
   */
  public CompletionStage<Long> proof() {
    return finality
        .<Long>current(0, (connection, after, upTo) -> new FinalPages.Page<>(List.of(upTo), upTo))
        .runWith(Sink.fold(0L, Math::max), system);
  }
}
