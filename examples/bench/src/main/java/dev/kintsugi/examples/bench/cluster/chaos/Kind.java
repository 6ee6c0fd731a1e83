package dev.kintsugi.examples.bench.cluster.chaos;

import java.time.Duration;
import java.util.Locale;

/** What can go wrong, how often in comparison, and for how long at the most. */
enum Kind {
  /** SIGKILL of a node. */
  KILL(6, Duration.ZERO),
  /** SIGKILL of all nodes at once. */
  KILL_ALL(1, Duration.ZERO),
  /** SIGSTOP of a node: for longer than the others wait for it, or not. */
  FREEZE(4, Duration.ofSeconds(40)),
  /** The server stops as by {@code pg_ctl stop -m immediate}, is away for a while, and recovers. */
  CRASH(4, Duration.ofSeconds(4)),
  /** The server ends a share of the nodes' sessions. */
  TERMINATE(6, Duration.ZERO),
  /** A share of a node's connections stands still: nothing passes either way. */
  STALL(6, Duration.ofSeconds(20)),
  /** A share of a node's connections loses the server's answers for a moment, and is closed. */
  CUT(6, Duration.ofMillis(500)),
  /**
   * On all nodes a share of the handlers' calls throws, or takes its time; and the ledger fails on
   * a share of the events as often as they are tried.
   */
  FAIL(6, Duration.ofSeconds(15)),
  /** An operator has a projection rebuilt. */
  REBUILD(12, Duration.ZERO),
  /** An operator stops a rebuild where it stands. */
  STOP_REBUILD(2, Duration.ZERO),
  /** An operator pauses a projection, and resumes it. */
  PAUSE(4, Duration.ofSeconds(20)),
  /** An operator has a projection's parked records retried. */
  RETRY(4, Duration.ZERO),
  /**
   * An operator gives up a projection's parked records: its read model does without the events.
   * Often, as few projections have some.
   */
  DISCARD(8, Duration.ZERO);

  private final int weight;
  private final Duration longest;

  Kind(int weight, Duration longest) {
    this.weight = weight;
    this.longest = longest;
  }

  int weight() {
    return weight;
  }

  Duration longest() {
    return longest;
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
