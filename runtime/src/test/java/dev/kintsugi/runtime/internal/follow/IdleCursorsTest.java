package dev.kintsugi.runtime.internal.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Followers for which nothing was of interest have their cursors stored together. */
class IdleCursorsTest {

  private static final FollowStep.Moved MOVED = new FollowStep.Moved(3, 0, 0, 0);

  private final World world = new World();
  private final TestProjection a = new TestProjection("a").following();
  private final TestProjection b = new TestProjection("b").following();
  private final TestProjection c = new TestProjection("c").following();

  @BeforeEach
  void follow() throws Exception {
    world.start(a, b, c);
  }

  @AfterEach
  void close() {
    world.close();
  }

  /** One that has seen nothing stored yet, and has looked at three events. */
  private static Standing ahead(TestProjection projection) {
    return new Standing(projection.name(), 1, 1, 0, 3);
  }

  private List<FollowStep> store(TestProjection... followers) throws Exception {
    return world
        .database()
        .inTransaction(
            connection ->
                IdleCursors.store(
                    connection, Stream.of(followers).map(IdleCursorsTest::ahead).toList()));
  }

  private List<String> cursors() throws Exception {
    return world.column(
        "SELECT projection || ' ' || position FROM kintsugi_cursor ORDER BY projection");
  }

  @Test
  void all_are_moved_by_one_transaction() throws Exception {
    assertThat(store(a, b, c)).containsExactly(MOVED, MOVED, MOVED);

    assertThat(cursors()).containsExactly("a 3", "b 3", "c 3");
    assertThat(world.column("SELECT DISTINCT xmin FROM kintsugi_cursor")).hasSize(1);
  }

  @Test
  void one_that_another_has_moved_stops_alone() throws Exception {
    world.execute("UPDATE kintsugi_cursor SET position = 2 WHERE projection = 'b'");

    assertThat(store(a, b, c)).containsExactly(MOVED, Follower.OVERTAKEN, MOVED);

    assertThat(cursors()).containsExactly("a 3", "b 2", "c 3");
  }

  @Test
  void one_that_another_is_moving_is_not_waited_for() throws Exception {
    try (Connection other = world.database().connection();
        Statement statement = other.createStatement()) {
      statement.executeUpdate("UPDATE kintsugi_cursor SET position = 2 WHERE projection = 'a'");

      assertThat(store(a, b, c)).containsExactly(Follower.OVERTAKEN, MOVED, MOVED);

      other.rollback();
    }
    assertThat(cursors()).containsExactly("a 0", "b 3", "c 3");
  }

  @Test
  void what_does_not_follow_any_more_is_left_where_it_stands() throws Exception {
    world.setPaused(a, true);
    world.requestRebuild(b);

    List<FollowStep> steps = store(a, b, c);

    assertThat(steps.get(0)).isEqualTo(new FollowStep.Resting("it is paused"));
    assertThat(steps.get(1)).isInstanceOf(FollowStep.Resting.class);
    assertThat(steps.get(2)).isEqualTo(MOVED);
    assertThat(cursors()).contains("a 0", "c 3").doesNotContain("b 3");
  }

  /** Also if it then moves nothing: so the fence after a later change of a row waits for it. */
  @Test
  void the_rows_are_read_with_an_id() throws Exception {
    world.setPaused(a, true);
    String id =
        world
            .database()
            .inTransaction(
                connection -> {
                  IdleCursors.store(connection, List.of(ahead(a)));
                  try (Statement statement = connection.createStatement();
                      ResultSet row =
                          statement.executeQuery("SELECT pg_current_xact_id_if_assigned()")) {
                    row.next();
                    return String.valueOf(row.getString(1));
                  }
                });

    assertThat(id).isNotEqualTo("null");
  }
}
