package dev.kintsugi.examples.bench.cluster.chaos;

import java.time.Duration;
import java.util.Locale;

/**
 * Something that goes wrong.
 *
 * @param at from the beginning
 * @param kind what; it says which of the rest means something
 * @param node by number, from 1: whom it befalls, or who is asked
 * @param lasts how long
 * @param share of the connections, sessions or calls that it befalls, above 0 and up to 1
 * @param projection by name
 */
record Fault(Duration at, Kind kind, int node, Duration lasts, double share, String projection) {

  /** What happens, for people. */
  @Override
  public String toString() {
    return switch (kind) {
      case KILL -> "kill -9 of node %d".formatted(node);
      case KILL_ALL -> "kill -9 of all nodes";
      case FREEZE -> "node %d stands still for %s".formatted(node, seconds());
      case CRASH -> "the server crashes, and is away for " + seconds();
      case TERMINATE -> "the server ends %s of all sessions".formatted(percent(share));
      case STALL ->
          "%s of the connections of node %d stand still for %s"
              .formatted(percent(share), node, seconds());
      case CUT ->
          "%s of the connections of node %d are cut, %d ms after they went deaf"
              .formatted(percent(share), node, lasts.toMillis());
      case FAIL -> "%s of all handlers' calls fail for %s".formatted(percent(failing()), seconds());
      case REBUILD -> "node %d is asked to rebuild %s".formatted(node, projection);
      case STOP_REBUILD -> "node %d is asked to stop a rebuild of %s".formatted(node, projection);
      case PAUSE -> "node %d is asked to pause %s for %s".formatted(node, projection, seconds());
      case RETRY -> "node %d is asked to retry what is parked of %s".formatted(node, projection);
      case DISCARD ->
          "node %d is asked to discard what is parked of %s".formatted(node, projection);
    };
  }

  /** The share of calls that fail: one in twenty at the most, so that some work is left. */
  double failing() {
    return share / 20;
  }

  private String seconds() {
    return String.format(Locale.ROOT, "%.1f s", lasts.toMillis() / 1000.0);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f%%", share * 100);
  }
}
