package dev.kintsugi.examples.history.display;

import java.time.Duration;
import java.util.List;

/**
 * A run at one moment.
 *
 * @param elapsed since the run began
 */
public record Snapshot(Duration elapsed, Import imported, List<ProjectionState> projections) {

  /**
   * The import.
   *
   * @param rate events stored a second, lately
   */
  public record Import(long stored, long total, double rate) {

    double progress() {
      return total == 0 ? 1 : (double) stored / total;
    }
  }

  /**
   * A projection.
   *
   * @param phase "active", or what its rebuild is doing
   * @param progress of that phase, from 0 to 1
   * @param rate events taken in a second, lately, in whichever way
   * @param open records that are open, the parked ones among them
   * @param waitsFor whom its fence waits for, the oldest first
   */
  public record ProjectionState(
      String name,
      int generation,
      String phase,
      double progress,
      double rate,
      long open,
      long parked,
      List<String> waitsFor) {}

  /** Whether nothing of a projection is left to recover: what is parked waits for a person. */
  public boolean isDrained(String projection) {
    return projections.stream()
        .filter(state -> state.name().equals(projection))
        .allMatch(state -> state.open() == state.parked());
  }
}
