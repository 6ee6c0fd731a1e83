package dev.kintsugi.runtime.internal.rebuild;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is told of a rebuild while it goes on. */
class RebuildListenerTest {

  private static final class Told implements RebuildListener {
    private final List<Replayed> batches = new ArrayList<>();
    private int fences;

    @Override
    public void replayed(Replayed batch, Duration took) {
      batches.add(batch);
    }

    @Override
    public void fencePassed(Duration waited) {
      fences++;
      assertThat(waited).isPositive();
    }
  }

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final Told told = new Told();
  private final Applier applier = new Applier();

  @AfterEach
  void close() {
    applier.close();
    world.close();
  }

  private void runToTheEnd(RebuildSteps owner) throws Exception {
    RebuildStep step;
    do {
      step = owner.next(applier, told);
      world.drainAll(log);
    } while (!(step instanceof RebuildStep.Proven));
  }

  @Test
  void each_of_the_two_fences_is_told_once() throws Exception {
    world.register(log);

    runToTheEnd(world.owner(log));

    assertThat(told.fences).isEqualTo(2);
  }

  @Test
  void a_fence_that_had_passed_before_an_owner_looked_is_not_told() throws Exception {
    world.register(log);
    world.step(world.owner(log)); // takes the fence, and is gone

    runToTheEnd(world.owner(log));

    assertThat(told.fences).as("the second one").isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void of_two_owners_only_that_one_tells_a_batch_whose_transaction_committed(
      TestProjection.Kind kind) throws Exception {
    for (int number = 1; number <= 4; number++) {
      world.append(world.event("a", number));
    }
    world.register(log.kind(kind));
    RebuildSettings oneBatch = World.steps(10);
    RebuildSteps one = world.owner(log, oneBatch);
    RebuildSteps other = world.owner(log, oneBatch);

    RebuildStep step;
    do {
      one.next(applier, told);
      step = other.next(applier, told);
      world.drainAll(log);
    } while (!(step instanceof RebuildStep.Proven));

    assertThat(told.batches).containsExactly(new Replayed(4, 0, 0));
  }
}
