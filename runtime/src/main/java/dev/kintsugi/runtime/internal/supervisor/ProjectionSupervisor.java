package dev.kintsugi.runtime.internal.supervisor;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.follow.FollowerActor;
import dev.kintsugi.runtime.internal.follow.SharedJournal;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.rebuild.ModeChange;
import dev.kintsugi.runtime.internal.rebuild.RebuildActor;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.recovery.RecoveryActor;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.status.Generation;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * The actor of one projection in one version (DESIGN 9). It follows the rows of the projection's
 * generations that this version built or builds, the one that serves and one beside it: of one that
 * is rebuilding it runs a {@link RebuildActor}; of an active one a {@link RecoveryActor}, and the
 * RebuildActor until the rebuild has ended; of one that follows a {@link FollowerActor} besides. It
 * decides nothing that the rows do not say, so a second one on another node does no harm.
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
  record Seen(ProjectionRows rows) implements Command {}

  private record LookFailed(Throwable cause) implements Command {}

  /** It was begun to have a generation follow, or be inline; or that failed. */
  private record Changed(int generation, Optional<Integer> begun, @Nullable Throwable error)
      implements Command {}

  private record FromRebuild(RebuildActor.Report report) implements Command {}

  record RebuildActorEnded(int generation) implements Command {}

  private final ActorContext<Command> context;
  private final KintsugiNode node;
  private final GenerationWork.Tools tools;
  private final Projection<?> projection;

  /** What is done here, by generation. */
  private final SortedMap<Integer, GenerationWork> work = new TreeMap<>();

  /** A look that began earlier may be told of later. */
  private @Nullable ProjectionRows lastSeen;

  private ProjectionSupervisor(
      ActorContext<Command> context,
      KintsugiNode node,
      SharedJournal journal,
      ReadModel readModel) {
    this.context = context;
    this.node = node;
    this.projection = readModel.projection();
    this.tools =
        new GenerationWork.Tools(
            context,
            node,
            journal,
            readModel,
            context.messageAdapter(RebuildActor.Report.class, FromRebuild::new));
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

  /** Reads the rows on a blocking thread; {@link Seen} comes of it. */
  private void look() {
    CompletionStage<ProjectionRows> rows =
        node.inTransaction(connection -> ProjectionRows.read(connection, projection.name()));
    context.pipeToSelf(
        rows, (read, error) -> error == null ? new Seen(read) : new LookFailed(error));
  }

  private Behavior<Command> onLook() {
    look();
    return Behaviors.same();
  }

  private Behavior<Command> onSeen(Seen seen) {
    if (lastSeen != null && seen.rows().isOlderThan(lastSeen)) {
      return Behaviors.same();
    }
    lastSeen = seen.rows();
    SortedMap<Integer, ProjectionRows.Row> ours = new TreeMap<>();
    for (ProjectionRows.Row row : seen.rows().rows()) {
      if (row.generation().version() == projection.version()) {
        ours.put(row.generation().generation(), row);
      }
    }
    work.entrySet()
        .removeIf(
            each -> {
              boolean isOver = !ours.containsKey(each.getKey());
              if (isOver) {
                each.getValue().stop();
              }
              return isOver;
            });
    ours.values().forEach(this::see);
    return Behaviors.same();
  }

  private void see(ProjectionRows.Row row) {
    Generation generation = row.generation();
    GenerationWork one =
        work.computeIfAbsent(
            generation.generation(), number -> new GenerationWork(tools, generation));
    if (one.see(row)) {
      change(generation);
    }
  }

  /** What the definition that this node has says of the generation is not so, or no more. */
  private void change(Generation generation) {
    context.pipeToSelf(
        node.inTransaction(connection -> ModeChange.begin(connection, projection)),
        (begun, error) ->
            new Changed(generation.generation(), error == null ? begun : Optional.empty(), error));
  }

  private Optional<GenerationWork> workOn(int generation) {
    return Optional.ofNullable(work.get(generation));
  }

  private Behavior<Command> onChanged(Changed changed) {
    if (changed.error() != null) {
      workOn(changed.generation()).ifPresent(GenerationWork::changeAgain);
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

  private Behavior<Command> onLookFailed(LookFailed failed) {
    context
        .getLog()
        .warn(
            "The rows of projection '{}' can't be read; they are looked at again with the next poll",
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
      workOn(generation).ifPresent(GenerationWork::leaveStopped);
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
    workOn(ended.generation()).ifPresent(GenerationWork::rebuildActorEnded);
    return Behaviors.same();
  }

  private Behavior<Command> onWake() {
    work.values().forEach(GenerationWork::wake);
    return onLook();
  }

  /** Rebuilds end their step, and store what they did with its checkpoint. */
  private Behavior<Command> onStop() {
    work.values().removeIf(one -> !one.end());
    return work.isEmpty()
        ? Behaviors.stopped()
        : Behaviors.receive(Command.class)
            .onMessage(RebuildActorEnded.class, this::onEndedWhileStopping)
            .onAnyMessage(message -> Behaviors.same())
            .build();
  }

  private Behavior<Command> onEndedWhileStopping(RebuildActorEnded ended) {
    work.remove(ended.generation());
    return work.isEmpty() ? Behaviors.stopped() : Behaviors.same();
  }
}
