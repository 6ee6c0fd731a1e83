package dev.kintsugi.testkit;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.NewEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The ways of a scenario, one after the other. The journal is the same in all of them: the given
 * events, then the others, in the order in which they were named.
 */
final class Run {

  /** Events that are appended in one transaction where it does not matter how many these are. */
  private static final int BULK = 100;

  /** What the drain takes apart at the most; with more streams, several go together. */
  private static final int DRAINS = 32;

  /** The smallest and largest batches of the mixed way. */
  private static final int SMALLEST = 1;

  private static final int LARGEST = 8;

  private static final String WHAT_IT_MEANS =
      """
      Each stream's events came in sequence, each once; all else a handler may not depend on:
      - the order across streams. Where streams share a row, the last writer must not win: a counter, least(...) and greatest(...) give the same rows in every order.
      - the clock. Take the time from the envelope, and no DEFAULT now().
      - what the handler or a static field remembers. Keep it in the table.
      - a sequence or identity column, which numbers rows as they come.
      - how events are grouped into calls and transactions.
      - whose transaction it is: the event may have been appended in it, or long before it.""";

  private final ProjectionTestKit kit;
  private final Projection<?> projection;
  private final List<NewEvent> given;
  private final List<NewEvent> when;
  private final long seed;

  Run(
      ProjectionTestKit kit,
      Projection<?> projection,
      List<NewEvent> given,
      List<NewEvent> when,
      long seed) {
    this.kit = kit;
    this.projection = projection;
    this.given = given;
    this.when = when;
    this.seed = seed;
  }

  /**
   * Runs all ways and compares what came of them.
   *
   * @return the last one's database, which the kit closes
   * @throws AssertionError at the first event that is not applied, and at the first difference
   */
  FreshDatabase run() throws Exception {
    Map<String, TableRows> inline = inline();
    compare(inline, replay());
    compare(inline, drain());
    compare(inline, followed());
    compare(inline, handedOver());
    beside(inline);
    return mixed(inline);
  }

  private FreshDatabase database(Way way, BatchSizes batches) throws Exception {
    return kit.freshDatabase(projection, way, seed, batches);
  }

  private List<NewEvent> all() {
    List<NewEvent> all = new ArrayList<>(given);
    all.addAll(when);
    return all;
  }

  private Map<String, TableRows> inline() throws Exception {
    FreshDatabase database = database(Way.INLINE, BatchSizes.LARGE);
    database.builds().build(Builds.Meanwhile.NOTHING);
    for (NewEvent event : all()) {
      database.append(List.of(event));
    }
    database.refuseOpenRecords();
    return database.tables();
  }

  private FreshDatabase replay() throws Exception {
    FreshDatabase database = database(Way.REPLAY, BatchSizes.LARGE);
    appendInBulk(database, all());
    database.builds().build(Builds.Meanwhile.NOTHING);
    database.refuseOpenRecords();
    return database;
  }

  /**
   * The stream whose last event is the journal's last is drained first, and so on. So wherever the
   * last of several writers wins, another one does.
   */
  private FreshDatabase drain() throws Exception {
    FreshDatabase database = database(Way.DRAIN, BatchSizes.LARGE);
    database.builds().build(Builds.Meanwhile.NOTHING);
    database.setPaused(true);
    appendInBulk(database, all());
    List<String> streams = database.recordedStreams();
    Collections.reverse(streams);
    database.holdUp(streams);
    database.setPaused(false);
    for (List<String> next : inParts(streams, (streams.size() + DRAINS - 1) / DRAINS)) {
      database.letGo(next);
      database.drainAll();
    }
    database.refuseOpenRecords();
    return database;
  }

  private static void appendInBulk(FreshDatabase database, List<NewEvent> events) throws Exception {
    for (List<NewEvent> part : inParts(events, BULK)) {
      database.append(part);
    }
  }

  private static <T> List<List<T>> inParts(List<T> list, int size) {
    List<List<T>> parts = new ArrayList<>();
    for (int from = 0; from < list.size(); from += size) {
      parts.add(list.subList(from, Math.min(list.size(), from + size)));
    }
    return parts;
  }

  /** It follows from the beginning; its follower is now close behind the writers, now far. */
  private FreshDatabase followed() throws Exception {
    RandomGenerator random = new SplittableRandom(seed);
    FreshDatabase database =
        database(Way.FOLLOWED, new BatchSizes(fewOrMany(random), fewOrMany(random)));
    database.builds().buildFollowing();
    Portions portions = new Portions(database, all(), random);
    while (portions.areBelow(all().size())) {
      portions.appendNext(all().size());
      if (random.nextBoolean()) {
        database.builds().follow();
      }
    }
    database.builds().follow();
    database.refuseOpenRecords();
    return database;
  }

  /**
   * It is inline, follows and is inline again, each for as long as chance has it; and as chance has
   * it writers append meanwhile. Where nothing comes after the build, the given events do.
   */
  private FreshDatabase handedOver() throws Exception {
    RandomGenerator random = new SplittableRandom(seed);
    FreshDatabase database =
        database(Way.HANDED_OVER, new BatchSizes(fewOrMany(random), fewOrMany(random)));
    if (!when.isEmpty()) {
      appendInBulk(database, given);
    }
    Builds builds = database.builds();
    builds.build(Builds.Meanwhile.NOTHING);
    List<NewEvent> events = when.isEmpty() ? given : when;
    int[] ends = random.ints(4, 0, events.size() + 1).sorted().toArray();
    Portions portions = new Portions(database, events, random);
    portions.appendAll(ends[0]);
    builds.change(true, () -> portions.maybeAppendNext(ends[1]));
    while (portions.areBelow(ends[2])) {
      portions.appendNext(ends[2]);
      if (random.nextBoolean()) {
        builds.follow();
      }
    }
    builds.change(false, () -> portions.maybeAppendNext(ends[3]));
    portions.appendAll(events.size());
    database.drainAll();
    database.refuseOpenRecords();
    return database;
  }

  /**
   * The given events are history; then it is inline. After some of the others it is built beside,
   * and swapped in, while writers append as chance has it; and with the last ones applied to both,
   * the swap is undone.
   */
  private void beside(Map<String, TableRows> inline) throws Exception {
    RandomGenerator random = new SplittableRandom(seed);
    FreshDatabase database =
        database(Way.BESIDE, new BatchSizes(fewOrMany(random), fewOrMany(random)));
    if (!when.isEmpty()) {
      appendInBulk(database, given);
    }
    Builds builds = database.builds();
    builds.build(Builds.Meanwhile.NOTHING);
    List<NewEvent> events = when.isEmpty() ? given : when;
    int[] ends = random.ints(2, 0, events.size() + 1).sorted().toArray();
    Portions portions = new Portions(database, events, random);
    portions.appendAll(ends[0]);
    builds.rebuildBeside(() -> portions.maybeAppendNext(ends[1]));
    portions.appendAll(events.size());
    database.drainAll();
    database.refuseOpenRecords();
    compare(inline, database);
    database.isNow(Way.UNDONE);
    builds.undo();
    compare(inline, database);
  }

  private FreshDatabase mixed(Map<String, TableRows> inline) throws Exception {
    RandomGenerator random = new SplittableRandom(seed);
    FreshDatabase database =
        database(Way.MIXED, new BatchSizes(fewOrMany(random), fewOrMany(random)));
    new Mixed(database, random).run();
    database.refuseOpenRecords();
    compare(inline, database);
    database.isNow(Way.REBUILT);
    database.builds().rebuild();
    compare(inline, database);
    return database;
  }

  private static int fewOrMany(RandomGenerator random) {
    return random.nextInt(SMALLEST, LARGEST + 1);
  }

  /** Appends some of the events in one transaction, and then some more. */
  private static final class Portions {
    private final FreshDatabase database;
    private final List<NewEvent> events;
    private final RandomGenerator random;
    private int next;

    Portions(FreshDatabase database, List<NewEvent> events, RandomGenerator random) {
      this.database = database;
      this.events = events;
      this.random = random;
    }

    /** Whether fewer than so many are appended. */
    boolean areBelow(int bound) {
      return next < bound;
    }

    /** Appends the next ones, up to so many in all. */
    void appendNext(int bound) throws Exception {
      int to = Math.min(bound, next + fewOrMany(random));
      database.append(events.subList(next, to));
      next = to;
    }

    void maybeAppendNext(int bound) throws Exception {
      if (areBelow(bound) && random.nextBoolean()) {
        appendNext(bound);
      }
    }

    void appendAll(int bound) throws Exception {
      while (areBelow(bound)) {
        appendNext(bound);
      }
    }
  }

  /** As chance has it; the same for the same seed. */
  private final class Mixed {
    private final FreshDatabase database;
    private final RandomGenerator random;

    Mixed(FreshDatabase database, RandomGenerator random) {
      this.database = database;
      this.random = random;
    }

    void run() throws Exception {
      new Portions(database, given, random).appendAll(given.size());
      Portions portions = new Portions(database, when, random);
      int duringTheBuild = when.size() / 3;
      database.builds().build(() -> portions.maybeAppendNext(duringTheBuild));
      while (portions.areBelow(when.size())) {
        switch (random.nextInt(6)) {
          case 0, 1 -> database.setPaused(true);
          case 2, 3 -> database.setPaused(false);
          case 4 -> database.holdUp(half(database.recordedStreams()));
          default -> {
            database.letGo(half(database.recordedStreams()));
            database.drainBatch();
          }
        }
        portions.appendNext(when.size());
      }
      database.setPaused(false);
      drainTheRest();
    }

    private List<String> half(List<String> streams) {
      return streams.stream().filter(stream -> random.nextBoolean()).toList();
    }

    private void drainTheRest() throws Exception {
      database.letGo(half(database.recordedStreams()));
      database.drainAll();
      database.letGo(database.recordedStreams());
      database.drainAll();
    }
  }

  private void compare(Map<String, TableRows> inline, FreshDatabase other) throws Exception {
    Map<String, TableRows> tables = other.tables();
    for (Map.Entry<String, TableRows> table : inline.entrySet()) {
      TableRows here = table.getValue();
      TableRows there = tables.getOrDefault(table.getKey(), new TableRows(Map.of()));
      if (!here.equals(there)) {
        throw other.failure(
            "the rows of table %s are not those that there are %s.%n%s%s%s"
                .formatted(
                    table.getKey(),
                    Way.INLINE,
                    TableRows.lines("only " + Way.INLINE, here.without(there)),
                    TableRows.lines("only " + other.way(), there.without(here)),
                    WHAT_IT_MEANS),
            null);
      }
    }
  }
}
