package dev.kintsugi.runtime.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.rebuild.OnRaisedVersion;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.internal.rebuild.RebuildStep;
import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.rebuild.Replayed;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a replay records of events that can't be applied, and how much of that at once. */
@Tag("slow")
class ReplayFailuresTest {

  private static final int PAGE = 500;
  private static final int RECORDS_AT_ONCE = 10_000;

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private static RebuildSettings pagesOf(int events, long memory) {
    return new RebuildSettings(
        events,
        Duration.ofSeconds(1),
        Duration.ofMillis(1),
        Duration.ofSeconds(5),
        memory,
        Duration.ofHours(1),
        0,
        OnRaisedVersion.AUTOMATIC,
        Duration.ofMinutes(1),
        Duration.ofHours(1));
  }

  /** Copies event 1 of stream a: as event 1 of so many streams, and then as a stream's events. */
  private void copy(int streams, int eventsOfOne) throws Exception {
    String columns =
        "writer, write_timestamp, adapter_manifest, event_ser_id, event_ser_manifest, event_payload";
    world.execute(
        """
        INSERT INTO event_journal (deleted, persistence_id, sequence_number, %1$s)
        SELECT FALSE, 's' || n, 1, %1$s FROM event_journal, generate_series(1, %2$d) AS n
        WHERE persistence_id = 'a' ORDER BY n
        """
            .formatted(columns, streams));
    world.execute(
        """
        INSERT INTO event_journal (deleted, persistence_id, sequence_number, %1$s)
        SELECT FALSE, 'long', n, %1$s FROM event_journal, generate_series(1, %2$d) AS n
        WHERE persistence_id = 'a' ORDER BY n
        """
            .formatted(columns, eventsOfOne));
  }

  /** Steps until the replay has ended; what each transaction came to. */
  private List<Replayed> replay(TestProjection log, RebuildSettings settings) throws Exception {
    List<Replayed> batches = new ArrayList<>();
    RebuildSteps owner = world.owner(log, settings);
    while (world.rebuild(log).phase() != Phase.DRAIN) {
      if (world.step(owner) instanceof RebuildStep.Done done) {
        done.batch().ifPresent(batches::add);
      }
    }
    return batches;
  }

  private String count(String reason) throws Exception {
    return world
        .column("SELECT count(*) FROM kintsugi_skip WHERE reason = '" + reason + "'")
        .get(0);
  }

  @ParameterizedTest
  @EnumSource(names = {"FOLD", "ROWS"})
  void a_window_ends_where_many_events_have_failed_or_wait_behind_one(Kind kind) throws Exception {
    TestProjection log = new TestProjection("log").kind(kind).failOn("a/1");
    world.append(world.event("a", 1), world.event("b", 1));
    copy(15_000, 12_000);
    world.register(log);

    List<Replayed> batches = replay(log, pagesOf(PAGE, 1L << 30));

    assertThat(count("FAILED")).isEqualTo("15002");
    assertThat(count("BEHIND")).isEqualTo("11999");
    assertThat(world.applied(log)).containsExactly("b/1");
    assertThat(batches)
        .hasSizeGreaterThan(2)
        .allSatisfy(
            batch ->
                assertThat(batch.failed() + batch.behind())
                    .isLessThanOrEqualTo(RECORDS_AT_ONCE + PAGE));
  }

  @Test
  void the_errors_of_a_window_count_for_the_memory_that_it_may_take() throws Exception {
    TestProjection log = new TestProjection("log").kind(Kind.FOLD).failOn("a/1");
    world.append(world.event("a", 1));
    copy(4_000, 1);
    world.register(log);

    List<Replayed> batches = replay(log, pagesOf(PAGE, 1 << 20));

    assertThat(count("FAILED")).isEqualTo("4002");
    assertThat(batches).as("of 1 MiB each").hasSizeGreaterThan(2);
  }

  @Test
  void of_a_stream_that_fails_a_page_records_its_own_events_only() throws Exception {
    TestProjection log = new TestProjection("log").failOn("a/1");
    world.append(world.event("a", 1));
    copy(1, 3_000);
    world.register(log);

    List<Replayed> batches = replay(log, pagesOf(PAGE, 1L << 30));

    assertThat(count("FAILED")).isEqualTo("3");
    assertThat(count("BEHIND")).isEqualTo("2999");
    assertThat(batches)
        .allSatisfy(batch -> assertThat(batch.failed() + batch.behind()).isLessThanOrEqualTo(PAGE));
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void a_stream_stays_behind_its_failed_event_through_all_pages_and_owners(Kind kind)
      throws Exception {
    TestProjection log = new TestProjection("log").kind(kind).failOn("a/2");
    for (int i = 1; i <= 9; i++) {
      world.append(world.event("a", i), world.event("b", i));
    }
    world.register(log);
    while (world.rebuild(log).phase() != Phase.DRAIN) {
      RebuildSteps owner = world.owner(log, pagesOf(2, 1)); // a crash after each write
      long checkpoint = world.rebuild(log).checkpoint();
      do {
        world.step(owner);
      } while (world.rebuild(log).phase() == Phase.REPLAY
          && world.rebuild(log).checkpoint() == checkpoint);
    }

    assertThat(world.applied(log)).hasSize(10).contains("a/1").doesNotContain("a/3");
    assertThat(world.open(log)).hasSize(8).contains("a/2 FAILED", "a/3 BEHIND", "a/9 BEHIND");
    world.audit(log);

    log.repair();
    world.execute("UPDATE kintsugi_skip SET next_attempt_at = '-infinity'");
    world.runToTheEnd(log);
    world.auditWhole(log);
  }
}
