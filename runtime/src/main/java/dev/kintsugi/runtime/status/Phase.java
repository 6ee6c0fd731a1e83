package dev.kintsugi.runtime.status;

import java.util.Locale;
import org.apache.pekko.annotation.ApiMayChange;

/** Where a rebuild stands (DESIGN 6). In the table in lower case. */
@ApiMayChange
public enum Phase {
  /** Waits until no transaction runs that may act on the older generation (steps 1 and 2). */
  FENCE,
  /**
   * Waits until no transaction runs that may act on the generation that it takes over as it is;
   * then that one's records become its own. Nothing is emptied or replayed.
   */
  TAKEOVER,
  /** The read model is empty and history is being replayed (steps 3 and 4). */
  REPLAY,
  /** It is built beside the one that serves, and follows the journal until little is left. */
  FOLLOW,
  /**
   * Writers record for what is built beside; waits until no transaction runs that began before.
   * Then the rest is replayed.
   */
  CATCH_UP,
  /** What writers recorded is being applied, writers still record (step 5). */
  DRAIN,
  /**
   * Writers apply again; what is left is drained until a second fence has passed (steps 6 and 7).
   */
  SETTLE,
  /** Nothing is missing. It is compared with the one that serves. */
  COMPARE,
  /**
   * It is to serve: as soon as somebody approves, if that is asked for, and no reader is in the
   * way.
   */
  SWAP,
  /** Nothing is missing: the end of step 7 is the proof. What was built beside serves. */
  DONE;

  public static Phase ofTable(String phase) {
    return valueOf(phase.toUpperCase(Locale.ROOT));
  }

  public String inTable() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether a rebuild waits for a fence in this phase. */
  public boolean isWaiting() {
    return this == FENCE || this == TAKEOVER || this == CATCH_UP || this == SETTLE || this == SWAP;
  }
}
