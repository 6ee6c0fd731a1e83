package dev.kintsugi.runtime.internal.follow;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What followers cost that have nothing of interest. */
class IdleFollowersTest {

  private static final int MANY = 20;

  private final World world = new World();
  private final TestSystem node = new TestSystem(world);

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @Test
  void their_cursors_are_stored_together() throws Exception {
    TestProjection[] idle =
        IntStream.range(0, MANY)
            .mapToObj(i -> new TestProjection("idle_" + i).following().entityTypes("Other"))
            .toArray(TestProjection[]::new);
    node.startAndFinish(idle);

    node.record("Stream|a", "one", "two");

    eventually(
        () ->
            assertThat(world.column("SELECT DISTINCT position::text FROM kintsugi_cursor"))
                .containsExactly("2"));
    assertThat(world.column("SELECT DISTINCT xmin FROM kintsugi_cursor"))
        .as("transactions that have moved them")
        .hasSizeLessThan(MANY / 4);
  }

  @Test
  void what_comes_after_that_is_applied_by_whom_it_is_of_interest() throws Exception {
    TestProjection interested = new TestProjection("some").following().entityTypes("Some");
    TestProjection idle = new TestProjection("idle").following().entityTypes("Other");
    node.startAndFinish(interested, idle);

    for (int i = 1; i <= 2; i++) {
      long end = 2L * i;
      node.record("Stream|a", "of no interest");
      eventually(
          () ->
              assertThat(
                      world.column(
                          "SELECT position FROM kintsugi_cursor WHERE projection = 'some'"))
                  .containsExactly(String.valueOf(end - 1)));
      node.record("Some|b", "of interest");
      int applied = i;
      eventually(() -> assertThat(world.applied(interested)).hasSize(applied));
    }
  }

  @Test
  void one_that_is_paused_meanwhile_goes_on_where_it_stood() throws Exception {
    TestProjection some = new TestProjection("some").following().entityTypes("Some");
    node.startAndFinish(some);
    node.record("Stream|a", "of no interest");
    get(node.kintsugi().pause("some", "a test"));
    node.record("Some|b", "of interest");
    get(node.kintsugi().resume("some", "a test"));

    eventually(() -> assertThat(world.applied(some)).containsExactly("Some|b/1"));
  }
}
