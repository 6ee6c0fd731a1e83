package dev.kintsugi.runtime.verify;

import java.util.Locale;

/** Where a verification that is on record stands. */
public enum VerificationState {
  /** Its node has others to do before it. */
  WAITING,
  RUNNING,
  /** Ended: all of the read model was compared, and it is what the journal says. */
  CLEAN,
  /** Ended: some rows are not what the journal says. */
  DIFFERENT,
  /** Ended: nothing is wrong in what was compared, and not all could be. */
  INCOMPLETE,
  /** Ended without a result, for the reason that the record has. */
  FAILED,
  /** Somebody stopped it. */
  STOPPED,
  /** Its node ended before it, or lost its connection to the database. */
  ABANDONED;

  /** Whether it has yet to come to its end. */
  public boolean isOpen() {
    return this == WAITING || this == RUNNING;
  }

  /** As it stands in the table. */
  public String inTable() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static VerificationState ofTable(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
