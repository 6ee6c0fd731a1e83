package dev.kintsugi.runtime.internal.supervisor;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.follow.FollowerActor;
import dev.kintsugi.runtime.internal.follow.SharedJournal;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.rebuild.ModeChange;
import dev.kintsugi.runtime.internal.rebuild.RebuildActor;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.recovery.RecoveryActor;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * The actor of one projection (DESIGN 9). It follows the projection's row: rebuilding, it runs a
 * {@link RebuildActor}; active, a {@link RecoveryActor}, and the RebuildActor until the rebuild is
 * proven; following, a {@link FollowerActor} besides, once it is built. It decides nothing that the
 * row does not say, so a second one on another node does no harm.
 */
public final class ProjectionSupervisor {

  /** What it can be told. */
  public sealed interface Command
      permits Message, Stop, Look, Seen, LookFailed, Changed, FromRebuild, RebuildActorEnded {}

  /** What the supervisors of a node share. */
  public record Shared(ActorRef<RowWatch.Command> watch, SharedJournal journal) {

    /** Made once for each node. */
    public static Shared start(ActorSystem<?> system, KintsugiNode node) {
      return new Shared(
          system.systemActorOf(RowWatch.create(node), "kintsugi-row-watch", Props.empty()),
          SharedJournal.start(system, node));
    }
  }

  /** What it can be told from other nodes. Only hints: what is so, rows say. */
  public sealed interface Message extends Command {}

  /**
   * Rows of the projection were changed: its status, its pause, or its skip records. So there may
   * be something to do before the next look.
   */
  public record Wake() implements Message {}

  /** It is to be there, wherever that is; there is nothing else to do. */
  public record KeepAlive() implements Message {}

  /**
   * Has it end. A rebuild under way ends its step first, and stores what it did with its
   * checkpoint.
   */
  public record Stop() implements Command {}

  private record Look() implements Command {}

  /** Its rows were read, by the watch or by itself. */
  record Seen(Row row) implements Command {}

  private record LookFailed(Throwable cause) implements Command {}

  /** It was begun to have a generation follow, or be inline; or that failed. */
  private record Changed(Optional<Integer> begun, @Nullable Throwable error) implements Command {}

  private record FromRebuild(RebuildActor.Report report) implements Command {}

  private record RebuildActorEnded(int generation) implements Command {}

  /**
   * What was read.
   *
   * @param hasOpenSkips whether skip records of the generation are open
   */
  record Row(Optional<Generation> generation, Optional<Rebuild> rebuild, boolean hasOpenSkips) {

    /** Of a projection that the database does not know. */
    static final Row NONE = new Row(Optional.empty(), Optional.empty(), false);

    static Row read(Connection connection, String projection) throws SQLException {
      Optional<Generation> generation = Generations.find(connection, projection);
      if (generation.isEmpty()) {
        return NONE;
      }
      int number = generation.get().generation();
      return new Row(
          generation,
          Rebuilds.find(connection, projection, number),
          SkipRecords.anyOpen(connection, projection, number));
    }

    /** Of all projections, by name. */
    static Map<String, Row> readAll(Connection connection) throws SQLException {
      Map<String, Rebuild> rebuilds = Rebuilds.newest(connection);
      Set<String> open = SkipRecords.projectionsWithOpen(connection);
      Map<String, Row> rows = new HashMap<>();
      for (Generation generation : Generations.all(connection)) {
        String name = generation.projection();
        rows.put(
            name,
            new Row(
                Optional.of(generation),
                Optional.ofNullable(rebuilds.get(name)),
                open.contains(name)));
      }
      return rows;
    }
  }

  /** A child, and the generation that it works on. */
  private record Child<T>(ActorRef<T> ref, int generation) {}

  private final ActorContext<Command> context;
  private final KintsugiNode node;
  private final SharedJournal journal;
  private final ReadModel readModel;
  private final Projection<?> projection;
  private final RebuildSettings rebuildSettings;
  private final ActorRef<RebuildActor.Report> reports;
  private @Nullable Child<RebuildActor.Command> rebuildActor;
  private @Nullable Child<RecoveryActor.Command> recoveryActor;
  private @Nullable Child<FollowerActor.Command> followerActor;

  /** A look that began earlier may be told of later. */
  private int newestSeen;

  /** The generation that is last known to be in use in another way than the definition says. */
  private int changedGeneration;

  /** The rebuild that the failure policy stopped; this owner leaves it so. */
  private int stoppedGeneration;

  private ProjectionSupervisor(
      ActorContext<Command> context,
      KintsugiNode node,
      SharedJournal journal,
      ReadModel readModel) {
    this.context = context;
    this.node = node;
    this.journal = journal;
    this.readModel = readModel;
    this.projection = readModel.projection();
    this.rebuildSettings = RebuildSettings.of(node.config().getConfig("rebuild"));
    this.reports = context.messageAdapter(RebuildActor.Report.class, FromRebuild::new);
  }

  /**
   * The supervisor of a projection that this node has registered.
   *
   * @param shared looks at the projection's rows for it, and reads the journal
   */
  public static Behavior<Command> create(KintsugiNode node, ReadModel readModel, Shared shared) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(ProjectionSupervisor.class);
          shared
              .watch()
              .tell(new RowWatch.Subscribe(readModel.projection().name(), context.getSelf()));
          return new ProjectionSupervisor(context, node, shared.journal(), readModel).starting();
        });
  }

  private Behavior<Command> starting() {
    look();
    return seeing();
  }

  /** Reads the row on a blocking thread; {@link Seen} comes of it. */
  private void look() {
    CompletionStage<Row> row =
        node.inTransaction(connection -> Row.read(connection, projection.name()));
    context.pipeToSelf(
        row, (read, error) -> error == null ? new Seen(read) : new LookFailed(error));
  }

  /** The generation is being built: this node's part in it is the rebuild. */
  private Behavior<Command> rebuilding(Generation generation, Optional<Rebuild> rebuild) {
    stopFollower();
    stopRecovery();
    if (rebuild.filter(Rebuild::isGivenUp).isEmpty()) {
      startRebuild(generation.generation());
    }
    return seeing();
  }

  /** Writers apply: this node's part is recovery, and the end of the rebuild's proof. */
  private Behavior<Command> active(Generation generation, Row row) {
    stopFollower();
    recover(generation, row);
    change(generation, projection.isFollowing());
    if (row.rebuild().filter(r -> r.phase() == Phase.SETTLE && !r.isGivenUp()).isPresent()) {
      startRebuild(generation.generation());
    }
    return seeing();
  }

  /**
   * Writers do nothing about it: this node's part is to follow, and to recover what failed; before
   * that, to build it, and until the proof to look whether all of that is recovered.
   */
  private Behavior<Command> following(Generation generation, Row row) {
    if (row.rebuild().filter(ProjectionSupervisor::isFollowed).isPresent()) {
      recover(generation, row);
      startFollower(generation.generation());
      change(generation, !projection.isFollowing());
    } else {
      stopFollower();
      stopRecovery();
    }
    if (row.rebuild().filter(r -> !r.isDone() && !r.isGivenUp()).isPresent()) {
      startRebuild(generation.generation());
    }
    return seeing();
  }

  /** Whether it has a cursor: it is built, or was inline before and catches up. */
  private static boolean isFollowed(Rebuild rebuild) {
    return rebuild.isInUse() || (rebuild.takesOver() && rebuild.phase() == Phase.REPLAY);
  }

  /** What the definition that this node has says of the generation is not so, or no more. */
  private void change(Generation generation, boolean isDue) {
    if (!isDue || generation.generation() == changedGeneration) {
      return;
    }
    changedGeneration = generation.generation();
    context.pipeToSelf(
        node.inTransaction(connection -> ModeChange.begin(connection, projection)),
        (begun, error) ->
            error == null ? new Changed(begun, null) : new Changed(Optional.empty(), error));
  }

  private Behavior<Command> onChanged(Changed changed) {
    if (changed.error() != null) {
      changedGeneration = 0;
      context
          .getLog()
          .warn(
              "Projection '{}' is to {} by its definition, and can't be changed now; it is tried again",
              projection.name(),
              projection.isFollowing() ? "follow the journal" : "be inline",
              changed.error());
    } else if (changed.begun().isPresent()) {
      context
          .getLog()
          .info(
              "Projection '{}' is {} from generation {} on, as its definition says; its read model"
                  + " stays as it is",
              projection.name(),
              projection.isFollowing() ? "following the journal" : "inline",
              changed.begun().get());
      look();
    }
    return Behaviors.same();
  }

  private void recover(Generation generation, Row row) {
    startRecovery(generation.generation());
    if (recoveryActor != null && row.hasOpenSkips()) {
      recoveryActor.ref().tell(new RecoveryActor.Hint());
    }
  }

  /** The row is for a build of the application that has another version of the projection. */
  private Behavior<Command> leftToOthers() {
    stopFollower();
    stopRecovery();
    stopRebuild();
    return seeing();
  }

  private Behavior<Command> seeing() {
    return Behaviors.receive(Command.class)
        .onMessage(Look.class, look -> onLook())
        .onMessage(Seen.class, this::onSeen)
        .onMessage(LookFailed.class, this::onLookFailed)
        .onMessage(Changed.class, this::onChanged)
        .onMessage(FromRebuild.class, this::onFromRebuild)
        .onMessage(RebuildActorEnded.class, this::onRebuildActorEnded)
        .onMessage(Wake.class, wake -> onWake())
        .onMessage(KeepAlive.class, keepAlive -> Behaviors.same())
        .onMessage(Stop.class, stop -> onStop())
        .build();
  }

  private Behavior<Command> onLook() {
    look();
    return Behaviors.same();
  }

  private Behavior<Command> onSeen(Seen seen) {
    if (seen.row().generation().isEmpty()) {
      return leftToOthers();
    }
    Generation generation = seen.row().generation().get();
    if (generation.generation() < newestSeen) {
      return Behaviors.same();
    }
    newestSeen = generation.generation();
    if (generation.version() != projection.version()) {
      return leftToOthers();
    }
    return switch (generation.status()) {
      case REBUILDING -> rebuilding(generation, seen.row().rebuild());
      case ACTIVE -> active(generation, seen.row());
      case FOLLOWING -> following(generation, seen.row());
    };
  }

  private Behavior<Command> onLookFailed(LookFailed failed) {
    context
        .getLog()
        .warn(
            "The row of projection '{}' can't be read; it is looked at again with the next poll",
            projection.name(),
            failed.cause());
    return Behaviors.same();
  }

  private Behavior<Command> onFromRebuild(FromRebuild message) {
    String name = projection.name();
    int generation = message.report().generation();
    RebuildStep step = message.report().step();
    if (step instanceof RebuildStep.Activated) {
      context.getLog().info("Projection '{}', generation {} is active", name, generation);
    } else if (step instanceof RebuildStep.Follows follows) {
      context
          .getLog()
          .info(
              "Projection '{}', generation {} follows the journal from behind ordering {}",
              name,
              generation,
              follows.position());
    } else if (step instanceof RebuildStep.Proven) {
      context
          .getLog()
          .info(
              "Rebuild of projection '{}', generation {} is done: nothing is missing",
              name,
              generation);
    } else if (step instanceof RebuildStep.TakenOver) {
      context
          .getLog()
          .info(
              "Projection '{}', generation {} is in use again with its read model as it was:"
                  + " nothing was emptied, and nothing is missing",
              name,
              generation);
    } else if (step instanceof RebuildStep.NotOurs notOurs) {
      context
          .getLog()
          .info(
              "Rebuild of projection '{}', generation {} goes on elsewhere: {}",
              name,
              generation,
              notOurs.why());
    } else if (step instanceof RebuildStep.GivenUp givenUp) {
      context
          .getLog()
          .warn(
              "Rebuild of projection '{}', generation {} was stopped by {}. {}",
              name,
              generation,
              givenUp.by(),
              givenUp.isInUse()
                  ? "It was settling: its read model stays in use, and recovery goes on."
                  : "Its read model is incomplete until a new rebuild makes it whole.");
    } else if (step instanceof RebuildStep.Stopped stopped) {
      stoppedGeneration = generation;
      context
          .getLog()
          .error(
              "Rebuild of projection '{}', generation {} is stopped, as its failure policy is to"
                  + " reject: {}. Its read model is incomplete. Mend the handler and start again (the"
                  + " rebuild goes on from its checkpoint), or ask for a new rebuild.",
              name,
              generation,
              stopped.error());
    }
    look();
    return Behaviors.same();
  }

  private Behavior<Command> onRebuildActorEnded(RebuildActorEnded ended) {
    if (rebuildActor != null && rebuildActor.generation() == ended.generation()) {
      rebuildActor = null;
    }
    return Behaviors.same();
  }

  private Behavior<Command> onWake() {
    if (recoveryActor != null) {
      recoveryActor.ref().tell(new RecoveryActor.Wake());
    }
    if (followerActor != null) {
      followerActor.ref().tell(new FollowerActor.Wake());
    }
    return onLook();
  }

  private Behavior<Command> onStop() {
    stopFollower();
    stopRecovery();
    if (rebuildActor == null) {
      return Behaviors.stopped();
    }
    Child<RebuildActor.Command> last = rebuildActor;
    last.ref().tell(new RebuildActor.Stop());
    return Behaviors.receive(Command.class)
        .onMessage(
            RebuildActorEnded.class,
            ended -> ended.generation() == last.generation(),
            ended -> Behaviors.stopped())
        .onAnyMessage(message -> Behaviors.same())
        .build();
  }

  private void startRebuild(int generation) {
    if (generation == stoppedGeneration) {
      return;
    }
    if (rebuildActor != null && rebuildActor.generation() == generation) {
      return;
    }
    stopRebuild();
    RebuildSteps steps =
        new RebuildSteps(
            node.database(),
            node.journal(),
            node.codec(),
            Drain.of(node, projection.name(), generation),
            rebuildSettings,
            node.blockingThreads(),
            journal::proof,
            readModel,
            generation);
    ActorRef<RebuildActor.Command> ref =
        context.spawnAnonymous(
            restarted(
                RebuildActor.create(
                    node,
                    steps,
                    "Rebuild of projection '%s', generation %d"
                        .formatted(projection.name(), generation),
                    rebuildSettings.pollInterval(),
                    reports)));
    context.watchWith(ref, new RebuildActorEnded(generation));
    rebuildActor = new Child<>(ref, generation);
  }

  private void startRecovery(int generation) {
    if (recoveryActor != null && recoveryActor.generation() == generation) {
      return;
    }
    stopRecovery();
    recoveryActor =
        new Child<>(
            context.spawnAnonymous(
                restarted(RecoveryActor.create(node, projection.name(), generation))),
            generation);
  }

  /** One that rests looks again whenever the rows were looked at. */
  private void startFollower(int generation) {
    if (followerActor != null && followerActor.generation() == generation) {
      followerActor.ref().tell(new FollowerActor.Wake());
      return;
    }
    stopFollower();
    followerActor =
        new Child<>(
            context.spawnAnonymous(
                restarted(FollowerActor.create(journal, projection, generation))),
            generation);
  }

  private <T> Behavior<T> restarted(Behavior<T> child) {
    return Behaviors.supervise(child)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(
                node.config().getDuration("supervisor.min-backoff"),
                node.config().getDuration("supervisor.max-backoff"),
                0.2));
  }

  private void stopRebuild() {
    if (rebuildActor != null) {
      context.stop(rebuildActor.ref());
      rebuildActor = null;
    }
  }

  private void stopFollower() {
    if (followerActor != null) {
      context.stop(followerActor.ref());
      followerActor = null;
    }
  }

  private void stopRecovery() {
    if (recoveryActor != null) {
      context.stop(recoveryActor.ref());
      recoveryActor = null;
    }
  }
}
