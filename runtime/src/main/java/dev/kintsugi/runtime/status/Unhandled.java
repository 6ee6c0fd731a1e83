package dev.kintsugi.runtime.status;

import java.time.Duration;
import java.time.temporal.ChronoUnit;

/**
 * Open records of a projection with the reason NO_HANDLER that nobody has drained for a while. If
 * no node has the projection they pile up, until one has, or the projection is retired.
 *
 * @param records how many
 * @param oldest the age of the oldest one
 */
public record Unhandled(String projection, long records, Duration oldest) {

  /** What it means where no node has the projection, and what to do; for people. */
  public String message() {
    return said("no node has it");
  }

  /** The same as a node knows it that asks no other one; for the log, with the command. */
  public String warning() {
    return said("this node's build lacks it")
        + ": Kintsugi.retire(\"%1$s\", \"why\", RetireOptions.dropTables()), or curl -X POST -H 'Content-Type: application/json' -d '{\"reason\": \"why\", \"tables\": \"drop\"}' http://127.0.0.1:8558/projections/%1$s/retire"
            .formatted(projection);
  }

  private String said(String lacking) {
    return "Projection '%s' has %d records of events that no handler was there for, the oldest of %s ago, and %s. Deploy a build that has it, and they are applied; or retire it"
        .formatted(projection, records, oldest.truncatedTo(ChronoUnit.SECONDS), lacking);
  }
}
