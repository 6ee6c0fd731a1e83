package dev.kintsugi.runtime.internal.writer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.RejectedNumber;
import dev.kintsugi.runtime.persistence.AppendResult;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where streams end, and whether that is where events to be appended expect it. */
class StreamEndTest {

  private static final int HIGHEST = 40;

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void each_stream_is_expected_to_end_before_its_first_event_and_those_rejected_before_it() {
    List<NewEvent> events =
        List.of(world.event("a", 7), world.event("b", 1), world.event("a", 8), world.event("c", 3));

    assertThat(
            StreamEnd.of(
                events, List.of(rejected("a", 6), rejected("a", 5), rejected("c", 1)), "c"::equals))
        .containsExactly(
            new StreamEnd("a", 4, 7, 8, false),
            new StreamEnd("b", 0, 1, 1, false),
            new StreamEnd("c", 2, 3, 3, true));
  }

  @Test
  void a_number_that_was_rejected_between_two_events_is_none_before_them() {
    List<NewEvent> events = List.of(world.event("a", 2), world.event("a", 4));

    assertThat(StreamEnd.of(events, List.of(rejected("a", 3)), stream -> false))
        .containsExactly(new StreamEnd("a", 1, 2, 4, false));
  }

  private static RejectedNumber rejected(String persistenceId, long number) {
    return new RejectedNumber(persistenceId, number);
  }

  /** Whatever is in the journal already: a conflict is found if there is one, and no other. */
  @Test
  void a_conflict_is_found_wherever_the_stream_ends_elsewhere() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    Random random = new Random(seed);
    AppendAndConsult append = new AppendAndConsult(world.journal(), 10);
    int conflicts = 0;
    try (Connection connection = world.database().connection()) {
      for (int round = 1; round <= 300; round++) {
        List<NewEvent> events = new ArrayList<>();
        List<StreamEnd> expected = new ArrayList<>();
        List<Optional<AppendResult.Conflict>> found = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
          String stream = "stream-" + round + "-" + i;
          long first = 1L + random.nextInt(HIGHEST / 2);
          long last = first + (random.nextBoolean() ? random.nextInt(3) : random.nextInt(20));
          Set<Long> stored = stored(random, first, last);
          insert(connection, stream, stored);
          for (long number = first; number <= last; number++) {
            events.add(world.event(stream, number));
          }
          long end = random.nextBoolean() ? first - 1 : Math.max(0, first - 1 - random.nextInt(4));
          StreamEnd asked = new StreamEnd(stream, end, first, last, random.nextBoolean());
          expected.add(asked);
          conflict(asked, stored).ifPresent(conflict -> found.add(Optional.of(conflict)));
        }
        assertThat(run(append, connection, events, expected))
            .as("seed %d, round %d: %s", seed, round, expected)
            .isEqualTo(found.isEmpty() ? Optional.empty() : found.get(0));
        conflicts += found.isEmpty() ? 0 : 1;
        connection.rollback();
      }
    }
    assertThat(conflicts).as("seed %d: rounds with a conflict", seed).isBetween(30, 270);
  }

  /** Often just what comes before; sometimes nothing, holes, or what another writer has stored. */
  private static Set<Long> stored(Random random, long first, long last) {
    Set<Long> stored = new TreeSet<>();
    int kind = random.nextInt(6);
    for (long number = 1; number < first && kind != 0; number++) {
      if (kind > 1 || random.nextBoolean()) {
        stored.add(number);
      }
    }
    if (kind == 2) {
      stored.remove(first - 1);
    }
    if (kind == 3) {
      stored.add(last + 1 + random.nextInt(3));
    }
    return stored;
  }

  private static Optional<AppendResult.Conflict> conflict(StreamEnd asked, Set<Long> stored) {
    long behind = stored.stream().mapToLong(n -> n).filter(n -> n > asked.last()).max().orElse(0);
    long before = stored.stream().mapToLong(n -> n).filter(n -> n < asked.first()).max().orElse(0);
    long actual = behind > 0 ? behind : before;
    return actual == asked.expected() || (actual == 0 && asked.orGone())
        ? Optional.empty()
        : Optional.of(new AppendResult.Conflict(asked.persistenceId(), asked.expected(), actual));
  }

  private static void insert(Connection connection, String stream, Set<Long> numbers)
      throws Exception {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO event_journal (persistence_id, sequence_number, writer, write_timestamp,
              event_ser_id, event_ser_manifest, event_payload)
            SELECT ?, n, 'w', 0, 1, '', '' FROM unnest(?::bigint[]) AS n
            """)) {
      insert.setString(1, stream);
      insert.setArray(2, connection.createArrayOf("int8", numbers.toArray(Long[]::new)));
      insert.executeUpdate();
    }
  }

  private static Optional<AppendResult.Conflict> run(
      AppendAndConsult append,
      Connection connection,
      List<NewEvent> events,
      List<StreamEnd> expected)
      throws Exception {
    try {
      append.run(connection, events, expected);
      return Optional.empty();
    } catch (ConflictException e) {
      return Optional.of(e.conflict());
    }
  }
}
