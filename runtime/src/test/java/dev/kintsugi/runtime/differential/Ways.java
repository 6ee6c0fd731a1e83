package dev.kintsugi.runtime.differential;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.rebuild.OnRaisedVersion;
import dev.kintsugi.runtime.internal.rebuild.RebuildSettings;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** The ways by which events come into a read model, on the production code. */
final class Ways {

  private final World world;
  private final RandomDefinition definition;
  private int projections;

  Ways(World world, RandomDefinition definition, int number) {
    this.world = world;
    this.definition = definition;
    this.projections = number * 100;
  }

  /** What fails is recorded, tried once more, and parked: so a rebuild comes to its end. */
  static final FailurePolicy RECORDING = FailurePolicy.skip().withoutRetry().thenPark();

  /** An event of a stream; which number it gets depends on what is stored before it. */
  record Event(String stream, String text) {}

  /**
   * What came of it.
   *
   * @param accepted the events that were stored and are in the read model
   * @param open the events that were stored and are not, with the reason
   * @param rows the read model
   */
  record Outcome(List<Event> accepted, List<String> open, List<String> rows) {}

  /** One event an append; what the projection rejects is not stored. */
  Outcome alone(List<Event> events) throws Exception {
    return appended(events, 1, FailurePolicy.reject(), new java.util.Random(1));
  }

  /** Random groups; a group is stored without what the projection rejects, as a lane does it. */
  Outcome inGroups(List<Event> events, RandomGenerator random) throws Exception {
    return appended(events, 8, FailurePolicy.reject(), random);
  }

  /** One event an append; what fails is recorded, and so is what is behind it. */
  Outcome aloneRecorded(List<Event> events) throws Exception {
    return appended(events, 1, RECORDING, new java.util.Random(1));
  }

  /** The same in random groups. */
  Outcome inGroupsRecorded(List<Event> events, RandomGenerator random) throws Exception {
    return appended(events, 8, RECORDING, random);
  }

  private Outcome appended(
      List<Event> events, int largestGroup, FailurePolicy policy, RandomGenerator random)
      throws Exception {
    try (Way way = new Way(policy)) {
      world.start(way.projection);
      List<Event> accepted = way.append(events, largestGroup, random);
      return way.outcome(accepted);
    }
  }

  /** All are recorded first, and drained in batches of three. */
  Outcome drained(List<Event> events, FailurePolicy policy) throws Exception {
    try (Way way = new Way(policy)) {
      world.start(way.projection);
      world.setPaused(way.projection, true);
      way.append(events, 4, new java.util.Random(1));
      world.setPaused(way.projection, false);
      world.drainAll(way.projection);
      return way.outcome(events);
    }
  }

  /** Some of each stream are recorded, and writers help with them. */
  Outcome helped(List<Event> events, RandomGenerator random) throws Exception {
    try (Way way = new Way(FailurePolicy.skip())) {
      world.start(way.projection);
      for (int from = 0; from < events.size(); ) {
        int paused = Math.min(events.size(), from + 1 + random.nextInt(6));
        world.setPaused(way.projection, true);
        way.append(events.subList(from, paused), 4, random);
        world.setPaused(way.projection, false);
        int to = Math.min(events.size(), paused + 1 + random.nextInt(6));
        way.append(events.subList(paused, to), 4, random);
        from = to;
      }
      world.drainAll(way.projection);
      return way.outcome(events);
    }
  }

  /** Rebuilt in windows of so many events; 0 for one window of all. */
  Outcome rebuilt(List<Event> events, int window, FailurePolicy policy) throws Exception {
    return rebuilt(
        events,
        window == 0 ? settings(5000, Duration.ofHours(1), 64 << 20) : World.steps(window),
        policy);
  }

  /** Rebuilt with so little memory that each window is read again from the table. */
  Outcome spilled(List<Event> events) throws Exception {
    return rebuilt(events, settings(3, Duration.ofHours(1), 1), FailurePolicy.skip());
  }

  private static RebuildSettings settings(int batchSize, Duration windowTime, long memory) {
    return new RebuildSettings(
        batchSize,
        Duration.ofHours(1),
        Duration.ofMillis(1),
        Duration.ofSeconds(5),
        memory,
        windowTime,
        0,
        OnRaisedVersion.AUTOMATIC,
        Duration.ofMinutes(1),
        Duration.ofHours(1));
  }

  private Outcome rebuilt(List<Event> events, RebuildSettings settings, FailurePolicy policy)
      throws Exception {
    try (Way way = new Way(policy)) {
      world.start(way.projection);
      world.setPaused(way.projection, true);
      way.append(events, 8, new java.util.Random(1));
      world.setPaused(way.projection, false);
      world.requestRebuild(way.projection);
      world.runToTheEnd(way.projection, settings);
      return way.outcome(events);
    }
  }

  /** A projection of its own, and a journal of its own. */
  private final class Way implements AutoCloseable {
    private final String name = "d" + ++projections;
    private final TestProjection projection;
    private final Map<String, Long> sequenceNumbers = new HashMap<>();

    Way(FailurePolicy policy) {
      projection = TestProjection.of(definition.named(name, policy));
    }

    /** Appends in groups of up to so many; returns those that were stored. */
    List<Event> append(List<Event> events, int largestGroup, RandomGenerator random)
        throws Exception {
      List<Event> accepted = new ArrayList<>();
      for (int from = 0; from < events.size(); ) {
        int to = Math.min(events.size(), from + 1 + random.nextInt(largestGroup));
        accepted.addAll(appendGroup(new ArrayList<>(events.subList(from, to))));
        from = to;
      }
      return accepted;
    }

    private List<Event> appendGroup(List<Event> group) throws Exception {
      while (!group.isEmpty()) {
        Map<String, Long> numbers = new HashMap<>(sequenceNumbers);
        NewEvent[] events =
            group.stream()
                .map(
                    event ->
                        world.event(
                            name + "|" + event.stream(),
                            numbers.merge(event.stream(), 1L, Long::sum),
                            event.text()))
                .toArray(NewEvent[]::new);
        try {
          world.append(events);
          sequenceNumbers.putAll(numbers);
          return group;
        } catch (AppendRejectedException rejected) {
          group.remove(indexOf(events, rejected));
        }
      }
      return group;
    }

    private static int indexOf(NewEvent[] events, AppendRejectedException rejected) {
      for (int i = 0; i < events.length; i++) {
        if (events[i].row().persistenceId().equals(rejected.persistenceId())
            && events[i].row().sequenceNumber() == rejected.sequenceNumber()) {
          return i;
        }
      }
      throw new AssertionError("none of the group was rejected", rejected);
    }

    Outcome outcome(List<Event> events) throws Exception {
      List<String> rows = new ArrayList<>();
      for (String statement : definition.rows(name)) {
        rows.addAll(world.column(statement));
      }
      verify();
      return new Outcome(
          events,
          world.open(projection).stream()
              .map(record -> record.substring(name.length() + 1))
              .sorted()
              .toList(),
          rows);
    }

    private void verify() throws Exception {
      var verification = world.verifier().verify(name).orElseThrow();
      if (definition.isComparable() && !verification.isClean()) {
        throw new AssertionError("the auditor finds differences: " + verification);
      }
    }

    /** Its tables stay: another definition's are called otherwise. */
    @Override
    public void close() throws Exception {
      world.execute("DELETE FROM kintsugi_projection");
      world.execute("DELETE FROM kintsugi_skip");
      world.execute("DELETE FROM event_journal");
      world.forgetHandlers();
    }
  }
}
