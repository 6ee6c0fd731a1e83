package dev.kintsugi.runtime.internal.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.World;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HousekeepingHintsTest {

  private static final String ARCHIVE =
      """
      INSERT INTO kintsugi_skip_archive (projection, generation, persistence_id, sequence_number,
        ordering, reason, recorded_at, attempts, outcome)
      VALUES ('log', 1, 'a', 1, 1, 'PAUSED', now(), 0, '%s')
      """;

  private final HousekeepingHints hints = new HousekeepingHints();
  private final List<HousekeepingHints.Hint> heard = new ArrayList<>();

  @Test
  void drained_records_are_told_and_nothing_is_not() {
    hints.subscribe(heard::add);

    hints.drained(0);
    hints.drained(3);

    assertThat(heard).containsExactly(new HousekeepingHints.Drained(3));
  }

  @Test
  void a_listener_that_fails_fails_neither_the_drain_nor_the_other_listeners() {
    hints.subscribe(
        hint -> {
          throw new IllegalStateException("not now");
        });
    hints.subscribe(heard::add);

    hints.drained(1);

    assertThat(heard).hasSize(1);
  }

  @Test
  void of_failures_only_a_missing_partition_of_the_archive_is_a_hint() throws Exception {
    hints.subscribe(heard::add);
    try (World world = new World()) {
      hints.failed(failure(world, ARCHIVE.formatted("forgotten")));
      hints.failed(failure(world, "SELECT 1 / 0"));
      hints.failed(new IllegalStateException("no error of the database"));
      world.execute("CREATE TABLE days (day DATE) PARTITION BY RANGE (day)");
      hints.failed(failure(world, "INSERT INTO days VALUES ('2026-01-01')"));
      assertThat(heard).isEmpty();

      world.execute("DROP TABLE kintsugi_skip_archive_default");
      hints.failed(new IllegalStateException(failure(world, ARCHIVE.formatted("applied"))));
    }
    assertThat(heard).containsExactly(new HousekeepingHints.NoPartition());
  }

  private static SQLException failure(World world, String sql) throws Exception {
    try {
      world.execute(sql);
    } catch (SQLException e) {
      return e;
    }
    throw new AssertionError(sql + " did not fail");
  }
}
