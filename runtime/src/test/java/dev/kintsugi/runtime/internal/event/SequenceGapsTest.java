package dev.kintsugi.runtime.internal.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.persistence.MissingEventsException;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which gaps of a stream a replay refuses, and which it knows the reason of. */
class SequenceGapsTest {

  private static final long ALL = Long.MAX_VALUE;

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private void store(long... numbers) throws Exception {
    for (long number : numbers) {
      world.append(world.event("a", number));
    }
  }

  private void rejected(long... numbers) throws Exception {
    for (long number : numbers) {
      world.execute("INSERT INTO kintsugi_rejected VALUES ('a', " + number + ")");
    }
  }

  private void delete(long upTo) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              world.journal().deleteUpTo(connection, "a", upTo);
              return upTo;
            });
  }

  private List<Long> replay(long from, long to, long max) throws Exception {
    List<Long> replayed = new ArrayList<>();
    world
        .database()
        .inTransaction(
            connection -> {
              world
                  .journal()
                  .replay(
                      connection, "a", from, to, max, row -> replayed.add(row.sequenceNumber()));
              return replayed;
            });
    return replayed;
  }

  private void assertMissing(String numbers, long from, long to, long max) {
    assertThatThrownBy(() -> replay(from, to, max))
        .isInstanceOfSatisfying(
            MissingEventsException.class, e -> assertThat(e.persistenceId()).isEqualTo("a"))
        .hasMessageContaining("Stream a has no event " + numbers + ",")
        .hasMessageContaining("kintsugi_rejected");
  }

  @Test
  void a_gap_in_the_middle_is_refused_with_all_that_is_missing_of_it() throws Exception {
    store(1, 2, 6, 7);

    assertMissing("3 to 5", 1, ALL, ALL);
    assertMissing("3 to 5", 2, 7, ALL);
    rejected(4);
    assertMissing("3, 5", 1, ALL, ALL);
  }

  @Test
  void a_gap_of_rejected_numbers_is_none() throws Exception {
    store(1, 4, 6);
    rejected(2, 3, 5);

    assertThat(replay(1, ALL, ALL)).containsExactly(1L, 4L, 6L);
    assertThat(replay(3, 6, ALL)).containsExactly(4L, 6L);
  }

  @Test
  void numbers_rejected_of_another_stream_explain_nothing() throws Exception {
    store(1, 3);
    world.execute("INSERT INTO kintsugi_rejected VALUES ('b', 2)");

    assertMissing("2", 1, ALL, ALL);
  }

  @Test
  void a_stream_may_begin_behind_what_was_deleted() throws Exception {
    store(1, 2, 3, 4, 5);
    delete(3);

    assertThat(replay(1, ALL, ALL)).containsExactly(4L, 5L);
    assertThat(replay(3, ALL, ALL)).containsExactly(4L, 5L);
    delete(5);
    assertThat(replay(1, 5, ALL)).isEmpty();
    assertThat(replay(1, ALL, ALL)).isEmpty();
  }

  @Test
  void a_stream_may_begin_behind_what_was_deleted_and_rejected() throws Exception {
    store(1, 2, 5, 6);
    rejected(3, 4);
    delete(3);

    assertThat(world.column("SELECT sequence_number FROM kintsugi_rejected ORDER BY 1"))
        .containsExactly("3", "4");
    assertThat(replay(1, ALL, ALL)).containsExactly(5L, 6L);
    delete(5);
    assertThat(world.column("SELECT sequence_number FROM kintsugi_rejected")).isEmpty();
    assertThat(replay(1, ALL, ALL)).containsExactly(6L);
  }

  @Test
  void a_stream_that_begins_behind_more_than_was_deleted_is_refused() throws Exception {
    store(1, 2, 5);
    delete(2);

    assertMissing("3 to 4", 1, ALL, ALL);
    assertMissing("4", 4, ALL, ALL);
  }

  @Test
  void a_stream_that_begins_late_and_of_which_nothing_was_deleted_is_refused() throws Exception {
    store(4);

    assertMissing("1 to 3", 1, ALL, ALL);
  }

  @Test
  void what_comes_behind_a_snapshot_must_follow_it() throws Exception {
    store(1, 2, 3, 5);

    assertMissing("4", 4, ALL, ALL);
    assertThat(replay(5, ALL, ALL)).containsExactly(5L);
  }

  @Test
  void a_mark_behind_an_event_that_is_there_explains_nothing() throws Exception {
    store(1, 2, 3, 4);
    world.execute("DELETE FROM event_journal WHERE sequence_number = 2");
    world.execute("UPDATE event_journal SET deleted = TRUE WHERE sequence_number = 3");

    assertMissing("2 to 3", 1, ALL, ALL);
  }

  @Test
  void a_gap_at_the_replays_upper_bound_is_seen() throws Exception {
    store(1, 2, 5);

    assertMissing("3", 1, 3, ALL);
    assertMissing("3 to 4", 1, 4, ALL);
    assertMissing("3 to 4", 3, 4, ALL);
  }

  @Test
  void bounds_that_leave_events_out_make_no_gap() throws Exception {
    store(1, 2, 3, 4, 5);

    assertThat(replay(1, ALL, 2)).containsExactly(1L, 2L);
    assertThat(replay(2, 4, ALL)).containsExactly(2L, 3L, 4L);
    assertThat(replay(1, 5, 5)).hasSize(5);
    assertThat(replay(0, 2, ALL)).containsExactly(1L, 2L);
    assertThat(replay(4, 3, ALL)).isEmpty();
    assertThat(replay(1, 5, 0)).isEmpty();
    assertThat(replay(6, 10, ALL)).isEmpty();
  }

  @Test
  void a_gap_that_a_bound_keeps_the_replay_from_is_not_looked_for() throws Exception {
    store(1, 2, 5);

    assertThat(replay(1, 2, ALL)).containsExactly(1L, 2L);
    assertThat(replay(1, ALL, 2)).containsExactly(1L, 2L);
  }

  @Test
  void what_comes_before_a_gap_was_handed_on() throws Exception {
    store(1, 2, 4);
    List<Long> replayed = new ArrayList<>();

    assertThatThrownBy(
            () ->
                world
                    .database()
                    .inTransaction(
                        connection -> {
                          world
                              .journal()
                              .replay(
                                  connection,
                                  "a",
                                  1,
                                  ALL,
                                  ALL,
                                  row -> replayed.add(row.sequenceNumber()));
                          return replayed;
                        }))
        .isInstanceOf(MissingEventsException.class);
    assertThat(replayed).containsExactly(1L, 2L);
  }
}
