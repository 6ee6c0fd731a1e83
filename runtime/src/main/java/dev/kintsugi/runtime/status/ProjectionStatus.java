package dev.kintsugi.runtime.status;

import dev.kintsugi.runtime.skip.SkipSummary;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * How a projection stands, as its rows say at one time.
 *
 * @param generation the one that serves
 * @param rebuild the rebuild that made, or is making, its newest generation
 * @param skips its open skip records
 * @param pause by whom and why it was paused, if it is
 * @param unhandled those of its open records that pile up, as no node has the projection; empty if
 *     one has it, or may have it
 * @param waitsFor who holds up the fence that the rebuild waits for, the oldest first
 * @param waitingDeletions events that the application has deleted, and that stay until its records
 *     are closed, its replay has ended, or it has come to them
 * @param following how far it has come, if it follows the journal and is built
 * @param beside its generations beside the one that serves: being built, or kept
 * @param counts what the answering node did for it since the node's start
 */
@ApiMayChange
public record ProjectionStatus(
    Generation generation,
    Optional<Rebuild> rebuild,
    SkipSummary skips,
    Optional<Operation> pause,
    Optional<Unhandled> unhandled,
    List<FenceHolder> waitsFor,
    WaitingDeletions waitingDeletions,
    Optional<Following> following,
    List<BesideGeneration> beside,
    ProjectionCounts counts) {

  /** The generation that the last swap replaced, as long as it is kept: the swap can be undone. */
  public Optional<BesideGeneration> kept() {
    return beside.stream().filter(BesideGeneration::isKept).reduce((older, newer) -> newer);
  }

  /** How many skip records are open, parked ones among them. */
  public long openRecords() {
    return skips.open();
  }

  /** How many of them are parked. */
  public long parkedRecords() {
    return skips.parked();
  }
}
