package dev.kintsugi.runtime.status;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.apache.pekko.annotation.ApiMayChange;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code kintsugi_rebuild}: where a rebuild stands, and its history. All times are the
 * database's.
 *
 * @param fence what the phases fence, takeover and settle wait for, once it was taken
 * @param replayTo the bound R: the journal's highest ordering when the read model was emptied
 * @param checkpoint up to which ordering history has been replayed
 * @param eventsToReplay how many events the journal held up to R, once they were counted
 * @param eventsDeleted how many of the streams' events up to R the application has deleted from the
 *     journal; no rebuild can bring these back
 * @param maxRate how many events a second it may replay, 0 for no limit; if it says nothing, its
 *     owner's configuration does
 * @param stoppedAt when it was stopped: by somebody, or by the failure policy, at the event that
 *     {@code lastError} names
 * @param stoppedBy who stopped it; null if it was the failure policy, or nobody
 * @param blockedAt since when its next step fails, for the reason that {@code lastError} gives; it
 *     is tried again until it succeeds
 * @param from the generation that was active before; null for a first build, or if it was not
 * @param takesOver whether it makes the read model of {@code from} its own as it is: because
 *     somebody stopped it before anything was emptied, or for another name; no more once it has
 *     ended without the proof: stopped while it settled, superseded, or retired
 * @param follows whether the generation follows the journal once it is built; if not, writers apply
 *     to it
 * @param beside whether it is built beside the generation that serves, {@code from}, and serves
 *     once it is proven
 * @param version the version that it is built by, of one that is built beside
 * @param heldFor why a person has to approve before it serves; null if nobody has to, or it is not
 *     known yet
 * @param approvedBy who has approved that it serves
 * @param swappedAt when it began to serve, of one that was built beside
 * @param undoneAt when somebody had the one before serve again
 * @param keptUntil until when it is kept, whole, now that another one serves; then it is retired
 */
@ApiMayChange
public record Rebuild(
    String projection,
    int generation,
    String requestedBy,
    String reason,
    Phase phase,
    @Nullable Long fence,
    long replayTo,
    long checkpoint,
    @Nullable Long eventsToReplay,
    @Nullable Long eventsDeleted,
    long replayed,
    long drained,
    @Nullable String lastError,
    Instant requestedAt,
    @Nullable Instant fenceAt,
    @Nullable Instant replayAt,
    @Nullable Instant drainAt,
    @Nullable Instant settleAt,
    @Nullable Instant stoppedAt,
    @Nullable String stoppedBy,
    @Nullable Instant endedAt,
    @Nullable Integer maxRate,
    @Nullable Instant blockedAt,
    @Nullable Generation from,
    boolean takesOver,
    boolean follows,
    boolean beside,
    @Nullable Integer version,
    @Nullable Instant comparedAt,
    @Nullable String heldFor,
    @Nullable Instant approvedAt,
    @Nullable String approvedBy,
    @Nullable Instant swappedAt,
    @Nullable Instant undoneAt,
    @Nullable Instant keptUntil,
    Instant readAt) {

  public boolean isDone() {
    return phase == Phase.DONE;
  }

  /** Whether it stands still, stopped by somebody or by the failure policy. */
  public boolean isStopped() {
    return stoppedAt != null && !takesOver;
  }

  /** Whether somebody stopped it so that no owner is to go on with it. */
  public boolean isGivenUp() {
    return stoppedBy != null && !takesOver;
  }

  /** Whether its read model is in use; from settling on writers apply to it, or it follows. */
  public boolean isInUse() {
    return switch (phase) {
      case SETTLE, COMPARE, SWAP, DONE -> true;
      case FENCE, TAKEOVER, REPLAY, FOLLOW, CATCH_UP, DRAIN -> false;
    };
  }

  /** Whether it waits for somebody to approve that it serves. */
  public boolean isHeld() {
    return phase == Phase.SWAP && heldFor != null && approvedAt == null;
  }

  /** Why its next step fails, if it does. */
  public Optional<String> blockedBy() {
    return blockedAt == null || isDone() || isStopped()
        ? Optional.empty()
        : Optional.ofNullable(lastError);
  }

  /** How far the replay is, from 0 to 1, by the journal's ordering. */
  public double progress() {
    return switch (phase) {
      case FENCE, TAKEOVER -> 0;
      case REPLAY -> replayTo == 0 ? 1 : (double) checkpoint / replayTo;
      case FOLLOW, CATCH_UP, DRAIN, SETTLE, COMPARE, SWAP, DONE -> 1;
    };
  }

  /** Events replayed a second, from the replay's start to its end or until now. */
  public double eventsPerSecond() {
    if (replayAt == null) {
      return 0;
    }
    Instant until = drainAt == null ? readAt : drainAt;
    long millis = Math.max(1, Duration.between(replayAt, until).toMillis());
    return replayed * 1000.0 / millis;
  }

  /** How long the replay still takes at that rate, while it can be told. */
  public Optional<Duration> replayLeft() {
    double rate = eventsPerSecond();
    if (phase != Phase.REPLAY || eventsToReplay == null || rate <= 0) {
      return Optional.empty();
    }
    long left = Math.max(0, eventsToReplay - replayed);
    return Optional.of(Duration.ofMillis(Math.round(left / rate * 1000)));
  }

  /** From the request to the end, once it has ended. */
  public Optional<Duration> duration() {
    return Optional.ofNullable(endedAt).map(end -> Duration.between(requestedAt, end));
  }
}
