package dev.kintsugi.runtime.differential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random definitions and events, each by all {@link Ways}: the same events accepted, the same rows.
 * A failure names its seed. More of them: {@code -Dkintsugi.differential.definitions=200}, from
 * another seed on: {@code -Dkintsugi.differential.seed=1000}.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES) // with more definitions than a build has
@Tag("exhaustive")
class DifferentialTest {

  private static final Logger log = LoggerFactory.getLogger(DifferentialTest.class);

  private static final int DEFINITIONS = Integer.getInteger("kintsugi.differential.definitions", 6);
  private static final int SEED = Integer.getInteger("kintsugi.differential.seed", 1);
  private static final int EVENTS = 40;
  private static final List<String> STREAMS = List.of("a", "b", "c");

  private static World world;

  @BeforeAll
  static void open() {
    world = new World();
  }

  @AfterAll
  static void close() {
    world.close();
  }

  @Test
  void rows_come_to_the_same_on_every_way() throws Exception {
    run(0, RandomRows::new);
  }

  @Test
  void folds_come_to_the_same_on_every_way() throws Exception {
    run(10_000, RandomFold::new);
  }

  private interface Maker {
    RandomDefinition make(RandomGenerator random);
  }

  private static void run(int offset, Maker maker) throws Exception {
    long events = 0;
    for (int seed = SEED; seed < SEED + DEFINITIONS; seed++) {
      events += run(seed, offset + seed, maker);
    }
    log.info("{} definitions, {} events by ten ways each", DEFINITIONS, events);
  }

  private static int run(int seed, int number, Maker maker) throws Exception {
    RandomGenerator random = new Random(seed);
    RandomDefinition definition = maker.make(random);
    String what = "seed " + seed + ": " + definition;
    List<Ways.Event> events = new ArrayList<>();
    for (int i = 0; i < EVENTS; i++) {
      String stream = STREAMS.get(random.nextInt(STREAMS.size()));
      events.add(new Ways.Event(stream, definition.event(random, stream)));
    }
    Ways ways = new Ways(world, definition, number);
    try {
      compareRejecting(ways, events, random, what);
      compareRecording(ways, events, random, what);
    } catch (Exception e) {
      throw new AssertionError(what + "\n" + events, e);
    }
    return events.size();
  }

  /** What the projection rejects is never stored; what is stored is accepted on every way. */
  private static void compareRejecting(
      Ways ways, List<Ways.Event> events, RandomGenerator random, String what) throws Exception {
    Ways.Outcome alone = ways.alone(events);
    Ways.Outcome grouped = ways.inGroups(events, random);
    assertThat(grouped.accepted()).as("accepted in groups, %s", what).isEqualTo(alone.accepted());
    assertThat(grouped.rows()).as("rows of groups, %s", what).isEqualTo(alone.rows());
    List<Ways.Event> accepted = alone.accepted();
    same(ways.drained(accepted, FailurePolicy.skip()), alone, "drained", what);
    same(ways.helped(accepted, random), alone, "helped", what);
    same(ways.rebuilt(accepted, 1, FailurePolicy.reject()), alone, "rebuilt one by one", what);
    same(ways.rebuilt(accepted, 7, FailurePolicy.reject()), alone, "rebuilt by seven", what);
    same(ways.rebuilt(accepted, 0, FailurePolicy.reject()), alone, "rebuilt at once", what);
    same(ways.spilled(accepted), alone, "rebuilt with a spill", what);
  }

  private static void same(Ways.Outcome outcome, Ways.Outcome alone, String way, String what) {
    assertThat(outcome.open()).as("not accepted, %s, %s", way, what).isEmpty();
    assertThat(outcome.rows()).as("rows, %s, %s", way, what).isEqualTo(alone.rows());
  }

  /** What fails is recorded, and so is what is behind it: the same on every way. */
  private static void compareRecording(
      Ways ways, List<Ways.Event> events, RandomGenerator random, String what) throws Exception {
    Ways.Outcome alone = ways.aloneRecorded(events);
    sameRecorded(ways.inGroupsRecorded(events, random), alone, "in groups, recorded", what);
    for (int window : List.of(1, 7, 0)) {
      sameRecorded(
          ways.rebuilt(events, window, Ways.RECORDING),
          alone,
          "rebuilt by " + window + ", recorded",
          what);
    }
  }

  private static void sameRecorded(
      Ways.Outcome outcome, Ways.Outcome alone, String way, String what) {
    assertThat(outcome.open()).as("open, %s, %s", way, what).isEqualTo(alone.open());
    assertThat(outcome.rows()).as("rows, %s, %s", way, what).isEqualTo(alone.rows());
  }
}
