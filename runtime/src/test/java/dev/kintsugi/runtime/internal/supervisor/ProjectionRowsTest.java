package dev.kintsugi.runtime.internal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProjectionRowsTest {

  private static final ProjectionRows.Row ROW =
      new ProjectionRows.Row(
          new Generation("log", 1, Status.ACTIVE, false, 1), Optional.empty(), false);

  @Test
  void a_read_that_began_before_the_projection_was_there_is_older_than_one_that_found_it() {
    ProjectionRows none = new ProjectionRows.OfAll(10, Map.of()).of("log");
    ProjectionRows found = new ProjectionRows.OfAll(11, Map.of("log", List.of(ROW))).of("log");

    assertThat(none.rows()).isEmpty();
    assertThat(none.isOlderThan(found)).isTrue();
    assertThat(found.isOlderThan(none)).isFalse();
    assertThat(found.isOlderThan(found)).isFalse();
  }

  @Test
  void one_that_finds_a_projection_no_more_is_newer_than_those_that_found_it() {
    ProjectionRows found = new ProjectionRows(Long.MAX_VALUE, List.of(ROW));
    ProjectionRows none = new ProjectionRows(Long.MIN_VALUE, List.of());

    assertThat(found.isOlderThan(none)).isTrue();
    assertThat(none.isOlderThan(found)).isFalse();
  }

  @Test
  void reads_are_told_apart_by_when_they_began() throws Exception {
    try (World world = new World()) {
      TestProjection log = new TestProjection("log");
      ProjectionRows before = read(world);
      world.start(log);
      ProjectionRows after = read(world);

      assertThat(before.rows()).isEmpty();
      assertThat(after.rows()).hasSize(1);
      assertThat(before.isOlderThan(after)).isTrue();
      assertThat(after.isOlderThan(before)).isFalse();
    }
  }

  private static ProjectionRows read(World world) throws Exception {
    return world
        .database()
        .inTransaction(connection -> ProjectionRows.readAll(connection).of("log"));
  }
}
