package dev.kintsugi.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.follow.Follower;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.recovery.Drain;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;

/**
 * A build of a generation that does not serve, or its way back to serving, a step at a time, with
 * the follower and the recovery that its supervisor would run beside it.
 */
public final class BesideRun implements AutoCloseable {

  private static final int MOST_STEPS = 1000;

  private final World world;
  private final TestProjection projection;
  private final int generation;
  private final RebuildSteps owner;
  private final Applier applier = new Applier();

  /** Of the newest generation. */
  public BesideRun(World world, TestProjection projection) throws Exception {
    this(
        world,
        projection,
        world.generations(projection).get(world.generations(projection).size() - 1));
  }

  /** Of any generation. */
  public BesideRun(World world, TestProjection projection, Generation generation) {
    this.world = world;
    this.projection = projection;
    this.generation = generation.generation();
    this.owner = world.owner(projection, generation, World.steps(3));
  }

  public Generation generation() throws Exception {
    return world
        .database()
        .inTransaction(connection -> Generations.find(connection, projection.name(), generation))
        .orElseThrow();
  }

  public Rebuild rebuild() throws Exception {
    return world
        .database()
        .inTransaction(connection -> Rebuilds.find(connection, projection.name(), generation))
        .orElseThrow();
  }

  /** Does one step, and what follower and recovery would do by then. */
  public RebuildStep step() throws Exception {
    world.lookAtProofs();
    RebuildStep step = owner.next(applier);
    if (step instanceof RebuildStep.Waiting) {
      follow();
      drain();
    }
    return step;
  }

  private void follow() throws Exception {
    if (generation().status() == Status.FOLLOWING && rebuild().phase() == Phase.FOLLOW) {
      Follower follower = world.follower(projection, generation, world.database(), false);
      world.follow(projection, follower);
    }
  }

  /** Drains all that can be. */
  public void drain() throws Exception {
    Drain drain = world.drains(projection, generation);
    Drain.Batch batch;
    do {
      batch = drain.next(applier);
    } while (batch.isFull() || batch.archived() + batch.failed() > 0);
  }

  /** Goes on until it is in a phase. */
  public BesideRun until(Phase phase) throws Exception {
    for (int i = 0; rebuild().phase() != phase; i++) {
      assertThat(i).as("steps to %s, now in %s", phase, rebuild()).isLessThan(MOST_STEPS);
      step();
    }
    return this;
  }

  /** Goes on until it serves. */
  public void toTheEnd() throws Exception {
    until(Phase.DONE);
  }

  @Override
  public void close() {
    applier.close();
  }
}
