package dev.kintsugi.runtime.internal.writer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What projections that follow cost an append: nothing, however many there are. */
class ConsultOfFollowingTest {

  /** Of this session, some of it before this transaction. */
  private static final String READ =
      """
      SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
      WHERE relname = 'kintsugi_projection'
      """;

  private final World world = new World();
  private int next;

  @AfterEach
  void close() {
    world.close();
  }

  private void add(int following) throws Exception {
    world.execute(
        """
        INSERT INTO kintsugi_projection (projection, generation, status, version)
        SELECT 'following_' || n, 1, 'following', 1
        FROM generate_series(%1$d + 1, %1$d + %2$d) n
        """
            .formatted(next, following));
    next += following;
  }

  private static long read(World.HeldWriter writer) throws SQLException {
    try (Statement statement = writer.connection().createStatement();
        ResultSet row = statement.executeQuery(READ)) {
      row.next();
      return row.getLong(1);
    }
  }

  /** How many rows of projections an append reads, as its sixth with the same statement. */
  private long rowsRead(World.HeldWriter writer, String stream) throws Exception {
    for (int i = 1; i <= 5; i++) {
      writer.write(world.event(stream, i));
      writer.commit();
    }
    long before = read(writer);
    writer.write(world.event(stream, 6));
    long read = read(writer) - before;
    writer.commit();
    return read;
  }

  @Test
  void an_append_reads_no_row_of_those_that_follow_however_many_there_are() throws Exception {
    world.start(new TestProjection("one"), new TestProjection("two"));
    try (World.HeldWriter planned = world.holdWriter()) {
      long none = rowsRead(planned, "a0");
      assertThat(none).as("two rows, each perhaps looked at twice").isBetween(2L, 4L);
      for (int more : new int[] {5, 1000}) {
        add(more);

        assertThat(rowsRead(planned, "planned" + more)).as("with a plan of before").isEqualTo(none);
        try (World.HeldWriter fresh = world.holdWriter()) {
          assertThat(rowsRead(fresh, "fresh" + more)).as("with a new plan").isEqualTo(none);
        }
      }
      world.execute("ANALYZE kintsugi_projection");
      assertThat(rowsRead(planned, "analyzed")).isEqualTo(none);
    }
  }

  @Test
  void the_rows_of_those_that_follow_are_not_among_what_an_append_consults() throws Exception {
    TestProjection inline = new TestProjection("inline");
    TestProjection following = new TestProjection("following").following();
    world.start(inline, following);
    try (World.HeldWriter writer = world.holdWriter()) {
      AppendAndConsult consult = new AppendAndConsult(world.journal(), 1);

      ConsultedRows rows =
          consult.run(writer.connection(), List.of(world.event("a", 1)), List.of());

      assertThat(rows.views())
          .extracting(view -> view.generation().projection())
          .containsExactly("inline");
    }
  }
}
