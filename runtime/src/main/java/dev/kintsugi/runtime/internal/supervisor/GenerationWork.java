package dev.kintsugi.runtime.internal.supervisor;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.follow.FollowerActor;
import dev.kintsugi.runtime.internal.follow.SharedJournal;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.rebuild.RebuildActor;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.recovery.RecoveryActor;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * What a supervisor does about one generation: the children that its rows ask for. A part of the
 * supervisor's actor, on its thread.
 */
final class GenerationWork {

  /** What it does that with. */
  record Tools(
      ActorContext<ProjectionSupervisor.Command> context,
      KintsugiNode node,
      SharedJournal journal,
      ReadModel readModel,
      ActorRef<RebuildActor.Report> reports) {}

  private final Tools tools;
  private final Projection<?> projection;
  private final int generation;
  private final RebuildSettings settings;
  private @Nullable ActorRef<RebuildActor.Command> rebuildActor;
  private @Nullable ActorRef<RecoveryActor.Command> recoveryActor;
  private @Nullable ActorRef<FollowerActor.Command> followerActor;

  /** Whether somebody was asked to have it follow, or be inline. */
  private boolean isChanging;

  /** Whether the failure policy stopped its rebuild; this owner leaves it so. */
  private boolean isStopped;

  GenerationWork(Tools tools, Generation generation) {
    this.tools = tools;
    this.projection = tools.readModel().projection();
    this.generation = generation.generation();
    this.settings = RebuildSettings.of(tools.node().config().getConfig("rebuild"));
  }

  /**
   * Does what its rows ask for.
   *
   * @return whether it is to be changed from inline to following, or back, as its definition says;
   *     once
   */
  boolean see(ProjectionRows.Row row) {
    return switch (row.generation().status()) {
      case REBUILDING -> rebuilding(row);
      case ACTIVE -> active(row);
      case FOLLOWING -> following(row);
    };
  }

  /** The generation is being built: this node's part in it is the rebuild. */
  private boolean rebuilding(ProjectionRows.Row row) {
    stopFollower();
    stopRecovery();
    if (row.rebuild().filter(Rebuild::isGivenUp).isEmpty()) {
      startRebuild(row);
    }
    return false;
  }

  /** Writers apply: this node's part is recovery, and the end of the rebuild. */
  private boolean active(ProjectionRows.Row row) {
    stopFollower();
    recover(row);
    if (row.rebuild().filter(r -> r.isInUse() && !r.isDone() && !r.isGivenUp()).isPresent()) {
      startRebuild(row);
    }
    return isToChange(row, projection.isFollowing());
  }

  /**
   * Writers do nothing about it: this node's part is to follow, and to recover what failed; before
   * that, to build it, and until the proof to look whether all of that is recovered.
   */
  private boolean following(ProjectionRows.Row row) {
    boolean isFollowed = row.rebuild().filter(GenerationWork::isFollowed).isPresent();
    if (isFollowed) {
      recover(row);
      startFollower(row);
    } else {
      stopFollower();
      stopRecovery();
    }
    if (row.rebuild().filter(r -> !r.isDone() && !r.isGivenUp()).isPresent()) {
      startRebuild(row);
    }
    return isFollowed && isToChange(row, !projection.isFollowing());
  }

  /** Whether it has a cursor: it is built, or was inline before and catches up. */
  private static boolean isFollowed(Rebuild rebuild) {
    return rebuild.isInUse()
        || rebuild.phase() == Phase.FOLLOW
        || (rebuild.takesOver() && rebuild.phase() == Phase.REPLAY);
  }

  private boolean isToChange(ProjectionRows.Row row, boolean isOtherwise) {
    if (!isOtherwise || isChanging || !row.generation().serving()) {
      return false;
    }
    isChanging = true;
    return true;
  }

  /** The change was not begun. */
  void changeAgain() {
    isChanging = false;
  }

  /** The failure policy has stopped the rebuild. */
  void leaveStopped() {
    isStopped = true;
  }

  void rebuildActorEnded() {
    rebuildActor = null;
  }

  /** There may be something to do. */
  void wake() {
    if (recoveryActor != null) {
      recoveryActor.tell(new RecoveryActor.Wake());
    }
    if (followerActor != null) {
      followerActor.tell(new FollowerActor.Wake());
    }
  }

  private void recover(ProjectionRows.Row row) {
    if (recoveryActor == null) {
      recoveryActor =
          tools
              .context()
              .spawnAnonymous(
                  restarted(RecoveryActor.create(tools.node(), projection.name(), generation)));
    }
    if (row.hasOpenSkips()) {
      recoveryActor.tell(new RecoveryActor.Hint());
    }
  }

  /** One that rests looks again whenever the rows were looked at. */
  private void startFollower(ProjectionRows.Row row) {
    if (followerActor != null) {
      followerActor.tell(new FollowerActor.Wake());
      return;
    }
    followerActor =
        tools
            .context()
            .spawnAnonymous(
                restarted(FollowerActor.create(tools.journal(), target(row.generation()))));
  }

  private HandlerTarget target(Generation row) {
    return tools
        .node()
        .registry()
        .target(row)
        .orElseThrow(() -> new IllegalStateException(row + " is of a version that is not here"));
  }

  private void startRebuild(ProjectionRows.Row row) {
    if (isStopped || rebuildActor != null) {
      return;
    }
    RebuildSteps steps =
        new RebuildSteps(
            tools.node().database(),
            tools.node().journal(),
            tools.node().codec(),
            Drain.of(tools.node(), projection.name(), generation),
            settings,
            tools.node().blockingThreads(),
            tools.journal()::proof,
            tools.readModel(),
            target(row.generation()));
    ActorRef<RebuildActor.Command> started =
        tools
            .context()
            .spawnAnonymous(
                restarted(
                    RebuildActor.create(
                        tools.node(),
                        steps,
                        "Rebuild of projection '%s', generation %d"
                            .formatted(projection.name(), generation),
                        settings.pollInterval(),
                        tools.reports())));
    tools.context().watchWith(started, new ProjectionSupervisor.RebuildActorEnded(generation));
    rebuildActor = started;
  }

  private <T> Behavior<T> restarted(Behavior<T> child) {
    return Behaviors.supervise(child)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(
                tools.node().config().getDuration("supervisor.min-backoff"),
                tools.node().config().getDuration("supervisor.max-backoff"),
                0.2));
  }

  private void stopFollower() {
    if (followerActor != null) {
      tools.context().stop(followerActor);
      followerActor = null;
    }
  }

  private void stopRecovery() {
    if (recoveryActor != null) {
      tools.context().stop(recoveryActor);
      recoveryActor = null;
    }
  }

  /** The row is gone, or another version's: there is nothing to do about it here. */
  void stop() {
    stopFollower();
    stopRecovery();
    if (rebuildActor != null) {
      tools.context().stop(rebuildActor);
      rebuildActor = null;
    }
  }

  /**
   * Ends as the supervisor does.
   *
   * @return whether a rebuild has yet to end its step
   */
  boolean end() {
    stopFollower();
    stopRecovery();
    if (rebuildActor == null) {
      return false;
    }
    rebuildActor.tell(new RebuildActor.Stop());
    return true;
  }
}
