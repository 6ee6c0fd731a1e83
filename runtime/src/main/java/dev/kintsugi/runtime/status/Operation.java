package dev.kintsugi.runtime.status;

import java.time.Instant;
import java.util.Locale;

/**
 * A row of {@code kintsugi_operation}: what somebody did about a projection, besides rebuilding it.
 *
 * @param requestedBy who; a failure policy that stopped the projection is named "recovery"
 * @param about the records that were meant, in words; empty if it was the projection as a whole
 * @param records how many skip records it changed
 */
public record Operation(
    long id,
    String projection,
    Kind kind,
    String requestedBy,
    String reason,
    String about,
    long records,
    Instant at) {

  /** What was done; in the table in lower case. */
  public enum Kind {
    PAUSE,
    RESUME,
    RETRY,
    DISCARD,
    /** The rate of a rebuild was limited. */
    LIMIT,
    /** A rebuild was stopped. */
    STOP,
    /** The projection was retired. */
    RETIRE,
    /** The projection got another name; noted under both. */
    RENAME,
    /** Somebody approved that a generation serves. */
    APPROVE,
    /** A swap was undone, or what it replaced is kept no longer. */
    UNDO;

    public String inTable() {
      return name().toLowerCase(Locale.ROOT);
    }

    public static Kind ofTable(String text) {
      return valueOf(text.toUpperCase(Locale.ROOT));
    }
  }
}
