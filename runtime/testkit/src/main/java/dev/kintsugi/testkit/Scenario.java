package dev.kintsugi.testkit;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.NewEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Events, and the rows that a projection makes of them; see {@link ProjectionTestKit}. The journal
 * holds the events in the order in which they are named here, whatever their streams; each stream's
 * sequence numbers count up from 1. An event is what a persistent actor would persist: event
 * adapters apply, and tags are given as Pekko has them, as a {@code Tagged}.
 */
public final class Scenario {

  /** What the clock shows until it is set. */
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final ProjectionTestKit kit;
  private final Projection<?> projection;
  private final List<NewEvent> given = new ArrayList<>();
  private final List<NewEvent> when = new ArrayList<>();
  private final Map<String, Long> sequenceNumbers = new HashMap<>();
  private Instant now = START;
  private long seed = ThreadLocalRandom.current().nextLong();
  private @Nullable FreshDatabase database;

  Scenario(ProjectionTestKit kit, Projection<?> projection) {
    this.kit = kit;
    this.projection = projection;
  }

  /**
   * Adds events to the history that is there before the projection is.
   *
   * @throws IllegalStateException if the scenario has when events already
   * @throws RuntimeException if one can't be serialized
   */
  public Scenario given(String persistenceId, Object... events) {
    if (!when.isEmpty()) {
      throw new IllegalStateException("given comes before when: it is history by then");
    }
    return add(given, persistenceId, events);
  }

  /**
   * Adds events that come while the projection is there.
   *
   * @throws RuntimeException if one can't be serialized
   */
  public Scenario when(String persistenceId, Object... events) {
    return add(when, persistenceId, events);
  }

  private Scenario add(List<NewEvent> part, String persistenceId, Object... events) {
    if (database != null) {
      throw new IllegalStateException(
          "the scenario has been run already, as rows were asked for: begin another one");
    }
    for (Object event : events) {
      part.add(
          kit.codec()
              .adaptAndEncode(
                  persistenceId,
                  sequenceNumbers.merge(persistenceId, 1L, Long::sum),
                  "test kit",
                  event,
                  now.toEpochMilli()));
    }
    return this;
  }

  /**
   * Sets the clock: what follows happens then. It is in the envelope's timestamp, in milliseconds.
   * The clock stands still in between; it begins at 2026-01-01T00:00:00Z.
   */
  public Scenario at(Instant now) {
    this.now = now;
    return this;
  }

  /**
   * Has chance decide as it did before: a failure names the seed. Without one it decides anew each
   * time.
   */
  public Scenario seed(long seed) {
    this.seed = seed;
    return this;
  }

  /**
   * Runs the scenario in all ways, and asserts that all tables of the projection hold the same rows
   * after each.
   *
   * @return this scenario, for queries
   * @throws AssertionError if the projection fails at an event, or the rows differ; with the seed
   * @throws dev.kintsugi.runtime.persistence.SchemaException if its table script fails
   */
  public Scenario thenAllWaysAgree() {
    run();
    return this;
  }

  private FreshDatabase run() {
    if (database != null) {
      return database;
    }
    if (given.isEmpty() && when.isEmpty()) {
      throw new IllegalStateException("the scenario has no events");
    }
    try {
      database = new Run(kit, projection, given, when, seed).run();
      return database;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(
          "the scenario of projection '%s' (seed %d) can't be run: %s"
              .formatted(projection.name(), seed, e),
          e);
    }
  }

  /**
   * What a query gives once {@link #thenAllWaysAgree()} holds; give it an ORDER BY. It can be asked
   * until the kit runs another scenario, or is closed.
   */
  public Rows then(String query) {
    return new Rows(this, projection.name(), run(), query);
  }
}
