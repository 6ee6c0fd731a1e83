package dev.kintsugi.runtime.skip;

import java.util.Locale;

/** What became of a skip record; in the archive in lower case. */
public enum SkipOutcome {
  /** The event was applied to the read model, in the transaction that archived the record. */
  APPLIED,
  /** The projection turned out not to subscribe to the event. */
  UNSUBSCRIBED,
  /** An operator gave the event up, or the projection's failure policy did, for good. */
  DISCARDED,
  /** The application has deleted the event from the journal: there is nothing left to apply. */
  DELETED,
  /** A rebuild began; its replay takes the event in. */
  SUPERSEDED;

  public static SkipOutcome ofTable(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }

  public String inTable() {
    return name().toLowerCase(Locale.ROOT);
  }
}
