package dev.kintsugi.runtime.status;

/**
 * What a node did for one projection since its start.
 *
 * @param appliedInline events that appends applied
 * @param recorded skip records that appends and replays wrote, for whichever reason
 * @param recovered skip records that recovery, rebuilds and appends closed: their events are
 *     applied, or the projection does not subscribe to them
 * @param recoveredPerSecond in the last ten seconds
 */
public record ProjectionCounts(
    long appliedInline, long recorded, long recovered, double recoveredPerSecond) {

  /** The same of two nodes. */
  public ProjectionCounts plus(ProjectionCounts other) {
    return new ProjectionCounts(
        appliedInline + other.appliedInline,
        recorded + other.recorded,
        recovered + other.recovered,
        recoveredPerSecond + other.recoveredPerSecond);
  }
}
