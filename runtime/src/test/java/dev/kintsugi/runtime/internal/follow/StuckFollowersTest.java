package dev.kintsugi.runtime.internal.follow;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Many followers with a handler that does not come back. */
@Tag("slow")
class StuckFollowersTest {

  private static final int AT_A_TIME = 2;

  /** More than there are threads for what blocks. */
  private static final int MANY = 10;

  private final World world = new World();
  private final TestSystem node =
      new TestSystem(world, "kintsugi.follow.parallelism = " + AT_A_TIME);
  private final CountDownLatch stuck = new CountDownLatch(AT_A_TIME);
  private final CountDownLatch free = new CountDownLatch(1);

  @AfterEach
  void close() {
    free.countDown();
    node.close();
    world.close();
  }

  private void wait(CountDownLatch latch) {
    try {
      assertThat(latch.await(TestSystem.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void actors_recover_and_write_and_the_status_is_answered_meanwhile() throws Exception {
    TestProjection[] followers =
        IntStream.range(0, MANY)
            .mapToObj(
                i ->
                    new TestProjection("follower_" + i)
                        .following()
                        .beforeEach(
                            event -> {
                              stuck.countDown();
                              wait(free);
                            }))
            .toArray(TestProjection[]::new);
    node.startAndFinish(followers);

    node.record("a", "one");
    wait(stuck);

    node.record("b", "two");
    assertThat(node.read(node.recorder("b"))).containsExactly("two");
    assertThat(get(node.kintsugi().status("follower_0")).following()).isPresent();

    free.countDown();
    for (TestProjection follower : followers) {
      eventually(() -> assertThat(world.applied(follower)).hasSize(2));
    }
  }
}
