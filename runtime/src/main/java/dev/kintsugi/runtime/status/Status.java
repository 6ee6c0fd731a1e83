package dev.kintsugi.runtime.status;

import java.util.Locale;
import org.apache.pekko.annotation.ApiMayChange;

/** What writers do about a generation. In the table in lower case. */
@ApiMayChange
public enum Status {
  /** Being built: writers record. */
  REBUILDING,
  /** Writers apply. */
  ACTIVE,
  /** It follows the journal, or is being built to: writers do nothing about it. */
  FOLLOWING;

  public static Status ofTable(String status) {
    return valueOf(status.toUpperCase(Locale.ROOT));
  }

  public String inTable() {
    return name().toLowerCase(Locale.ROOT);
  }
}
