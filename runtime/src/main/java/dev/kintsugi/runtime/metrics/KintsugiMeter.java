package dev.kintsugi.runtime.metrics;

import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Every meter there is, with its tags. Each tells of one node; sums over nodes are the monitoring's
 * to make.
 */
@SuppressWarnings("ImmutableEnumChecker") // of List.of it does not know
public enum KintsugiMeter {
  EVENTS_APPENDED(
      "kintsugi.events.appended",
      Kind.COUNTER,
      null,
      "Events that the journal appended and committed. Those that an EventWriter appends in a"
          + " transaction of the application's are in no counter"),

  EVENTS_APPLIED(
      "kintsugi.events.applied",
      Kind.COUNTER,
      null,
      "Events that were applied to a read model in the transaction that appended them",
      Tag.PROJECTION),

  EVENTS_APPLIED_BESIDE(
      "kintsugi.events.applied.beside",
      Kind.COUNTER,
      null,
      "Events that were applied in such a transaction to a generation that does not serve: one that is"
          + " built beside and compared, or kept so that its swap can be undone",
      Tag.PROJECTION),

  EVENTS_REPLAYED(
      "kintsugi.events.replayed",
      Kind.COUNTER,
      null,
      "Events that rebuilds applied to a read model from history",
      Tag.PROJECTION),

  EVENTS_FOLLOWED(
      "kintsugi.events.followed",
      Kind.COUNTER,
      null,
      "Events that projections that follow the journal applied to a read model",
      Tag.PROJECTION),

  FOLLOW_LAG(
      "kintsugi.follow.lag",
      Kind.GAUGE,
      "events",
      "How many events at most a projection that follows has yet to come to, as the database has it:"
          + " every node tells the same, some seconds old",
      Tag.PROJECTION),

  FOLLOW_BEHIND(
      "kintsugi.follow.behind",
      Kind.GAUGE,
      "seconds",
      "How old the first event is that a projection that follows has yet to come to, 0 if there is"
          + " none; every node tells the same",
      Tag.PROJECTION),

  SKIPS_RECORDED(
      "kintsugi.skips.recorded",
      Kind.COUNTER,
      null,
      "Skip records that appends, replays and followers wrote for events that they could not apply, by the"
          + " reason why",
      Tag.PROJECTION,
      Tag.REASON),

  SKIPS_RECOVERED(
      "kintsugi.skips.recovered",
      Kind.COUNTER,
      null,
      "Skip records that recovery, rebuilds and helping appends closed: their events are applied, or"
          + " the projection does not subscribe to them",
      Tag.PROJECTION),

  SKIPS_PARKED(
      "kintsugi.skips.parked",
      Kind.COUNTER,
      null,
      "Skip records that were parked after their last attempt: each holds up its stream until"
          + " somebody retries or discards it",
      Tag.PROJECTION),

  SKIPS_OPEN(
      "kintsugi.skips.open",
      Kind.GAUGE,
      "records",
      "Skip records that are open now, parked ones among them, as the database has them: every node"
          + " tells the same, some seconds old",
      Tag.PROJECTION),

  SKIPS_OPEN_PARKED(
      "kintsugi.skips.open.parked",
      Kind.GAUGE,
      "records",
      "Those of the open skip records that are parked and wait for somebody; every node tells the same",
      Tag.PROJECTION),

  SKIPS_OLDEST(
      "kintsugi.skips.oldest",
      Kind.GAUGE,
      "seconds",
      "For how long the oldest open skip record has been open, 0 if there is none; every node tells the"
          + " same",
      Tag.PROJECTION),

  SKIPS_DISCARDED(
      "kintsugi.skips.discarded",
      Kind.COUNTER,
      null,
      "Skip records that the failure policy discarded after their last attempt. Those that people"
          + " discard are in the history of operations",
      Tag.PROJECTION),

  SKIPS_DELETED(
      "kintsugi.skips.deleted",
      Kind.COUNTER,
      null,
      "Skip records that were closed as somebody had deleted their events from the journal: what only"
          + " these told is lost",
      Tag.PROJECTION),

  APPEND(
      "kintsugi.append",
      Kind.LATENCY,
      null,
      "A journal lane's transaction that stored a group of writes: from asking for a connection to the"
          + " commit's answer, with runs that were rolled back before"),

  APPEND_CONSULT(
      "kintsugi.append.consult",
      Kind.LATENCY,
      null,
      "The statement of such a transaction that takes an id, appends and consults the projections and"
          + " their open records. These go in one round trip, so this is the insert's time, too"),

  JOURNAL_QUEUE(
      "kintsugi.journal.queue",
      Kind.GAUGE,
      "writes",
      "Writes that wait on a lane of the journal; at kintsugi.journal.queue-size it refuses more",
      Tag.LANE),

  JOURNAL_GROUP(
      "kintsugi.journal.group",
      Kind.SUMMARY,
      "writes",
      "Writes that a lane of the journal stored in one transaction"),

  PROJECTIONS_UNHANDLED(
      "kintsugi.projections.unhandled",
      Kind.GAUGE,
      "records",
      "Open skip records that no handler was there for, of a projection that this node lacks, and that no"
          + " other one drains: deploy a build that has it, or retire it",
      Tag.PROJECTION),

  REBUILD_BLOCKED(
      "kintsugi.rebuild.blocked",
      Kind.GAUGE,
      null,
      "1 while the next step of a projection's rebuild fails and is tried again, for the reason that its"
          + " status gives; else 0. Every node tells the same, some seconds old",
      Tag.PROJECTION),

  GENERATIONS_KEPT(
      "kintsugi.generations.kept",
      Kind.GAUGE,
      null,
      "Generations that serve no more and are kept, written by every append, so that the swap can be"
          + " undone. Every node tells the same, some seconds old",
      Tag.PROJECTION),

  REBUILD_FENCE_WAIT(
      "kintsugi.rebuild.fence.wait",
      Kind.TIMER,
      null,
      "From a rebuild's taking of a fence until it found that it had passed, by the database's clock",
      Tag.PROJECTION),

  REBUILD_BATCH(
      "kintsugi.rebuild.batch",
      Kind.TIMER,
      null,
      "A replay's step that committed: a page read and applied, or the writing of what was gathered in"
          + " memory",
      Tag.PROJECTION);

  /** What can be done with a meter. */
  public enum Kind {
    COUNTER,
    GAUGE,
    TIMER,
    /**
     * A timer with fixed buckets, so that percentiles can be had over many nodes; a dozen, where
     * Micrometer's own histograms have dozens.
     */
    LATENCY,
    SUMMARY
  }

  /** The keys of tags. */
  private static final class Tag {
    static final String PROJECTION = "projection";
    static final String REASON = "reason";
    static final String LANE = "lane";
  }

  /** The upper bounds of the buckets of {@link Kind#LATENCY}. */
  private static final Duration[] BUCKETS =
      LongStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final String meterName;
  private final Kind kind;
  private final @Nullable String baseUnit;
  private final String description;
  private final List<String> tags;

  KintsugiMeter(
      String meterName, Kind kind, @Nullable String baseUnit, String description, String... tags) {
    this.meterName = meterName;
    this.kind = kind;
    this.baseUnit = baseUnit;
    this.description = description;
    this.tags = List.of(tags);
  }

  /** Its name, as Micrometer has it; a registry spells it as its system does. */
  public String meterName() {
    return meterName;
  }

  public Kind kind() {
    return kind;
  }

  /**
   * What it counts, where the name does not say it: some registries append it to the name. A
   * timer's unit is the registry's.
   */
  public @Nullable String baseUnit() {
    return baseUnit;
  }

  public String description() {
    return description;
  }

  /** The keys of its tags. */
  public List<String> tags() {
    return tags;
  }

  /** The upper bounds of the buckets of {@link Kind#LATENCY}. */
  public static Duration[] buckets() {
    return BUCKETS.clone();
  }
}
