package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A takeover is the rebuild that empties nothing. Somebody has stopped a rebuild in its phase
 * fence: the row is the next generation already, rebuilding, so writers record for it, while others
 * that read the row before may still apply to, help, record or drain the older one. Turning the row
 * back would mix the two. So it goes forward:
 *
 * <ol>
 *   <li>The stop gives the row the version back that was active, whose nodes carry it on. (Until
 *       then writers recorded what either version may subscribe to: see {@link
 *       Generation#returnsTo}.) It excludes the reset by the lock on the rebuild's row.
 *   <li>The fence that the rebuild waits for anyway: when it has passed no transaction acts on the
 *       older generation, and each event that this one's read model lacks has one record, of the
 *       older generation or of this one.
 *   <li>The older one's records become this one's in one transaction. Of a stream these come first,
 *       as the later event was written later. From then on it is a rebuild whose replay has ended:
 *       drain, activate, second fence, proof.
 * </ol>
 *
 * <p>A projection gets another name in the same way, from the generation under its older name.
 */
final class Takeover {

  private final EventJournal journal;
  private final Ownership ownership;
  private final Barrier barrier;
  private final String projection;
  private final int generation;

  Takeover(
      EventJournal journal,
      Ownership ownership,
      Barrier barrier,
      String projection,
      int generation) {
    this.journal = journal;
    this.ownership = ownership;
    this.barrier = barrier;
    this.projection = projection;
    this.generation = generation;
  }

  /** In the phase takeover. */
  RebuildStep next(Rebuild rebuild, Generation row, RebuildListener listener) throws Exception {
    Optional<RebuildStep> wait = barrier.fence(rebuild, listener);
    if (wait.isPresent()) {
      return wait.get();
    }
    if (!rebuild.follows() || row.status() == Status.FOLLOWING) {
      return ownership.inTransaction(
          (connection, locked) -> takeOverRecords(connection, locked, OptionalLong.empty()));
    }
    OptionalLong proven = barrier.proven();
    return proven.isEmpty()
        ? Barrier.waitingForProof()
        : ownership.inTransaction(
            (connection, locked) -> takeOverRecords(connection, locked, proven));
  }

  /**
   * Makes the older generation's records this one's.
   *
   * @param proven up to where the journal is final, of one that was inline and is to follow
   */
  private RebuildStep takeOverRecords(Connection connection, Rebuild rebuild, OptionalLong proven)
      throws SQLException {
    Generation from = rebuild.from();
    if (rebuild.phase() != Phase.TAKEOVER || rebuild.fence() == null || from == null) {
      return new RebuildStep.NotOurs("another owner took the read model over");
    }
    int open =
        SkipRecords.takeOver(
            connection, from.projection(), from.generation(), projection, generation);
    if (proven.isPresent()) {
      return follow(connection, rebuild, proven.getAsLong());
    }
    if (rebuild.follows()) {
      return followOn(connection, rebuild, from);
    }
    OptionalLong position = Cursors.find(connection, from.projection(), from.generation());
    if (position.isPresent()) {
      return replayOn(connection, rebuild, position.getAsLong());
    }
    return Rebuilds.endTakeover(connection, rebuild)
        ? new RebuildStep.Done(
            "took over the read model and %d open records of generation %d of projection '%s'"
                .formatted(open, from.generation(), from.projection()))
        : new RebuildStep.NotOurs("another owner took the read model over");
  }

  // Instead of step 3, where the older generation was inline and this one follows, or the other way
  // round (DESIGN 7a).

  /**
   * It was inline, and follows from an ordering that is proven final, whose proof began when no
   * writer applied any more: each event up to there is applied or has a record. Beyond it, those
   * have records whose writers read the row while it was rebuilding. The follower leaves these out,
   * and nothing is drained before it has passed the last of them: see {@link #catchUp}.
   */
  private RebuildStep follow(Connection connection, Rebuild rebuild, long proven)
      throws SQLException {
    Cursors.put(connection, projection, generation, proven);
    return Generations.follow(connection, projection, generation)
            && Rebuilds.beginToCatchUp(connection, rebuild, proven, 0)
        ? new RebuildStep.Follows(proven)
        : new RebuildStep.NotOurs("another owner took the read model over");
  }

  /**
   * Waits until no writer runs that read the row while it was rebuilding, and then until the
   * follower has passed all that such writers wrote: from there on no event beyond its cursor has a
   * record, and recovery may archive those that there are.
   */
  RebuildStep catchUp(Rebuild rebuild, RebuildListener listener) throws Exception {
    if (rebuild.replayTo() == 0) {
      Optional<RebuildStep> wait = barrier.fence(rebuild, listener);
      if (wait.isPresent()) {
        return wait.get();
      }
    }
    return ownership.inTransaction(this::passBound);
  }

  private RebuildStep passBound(Connection connection, Rebuild rebuild) throws SQLException {
    if (rebuild.phase() != Phase.REPLAY) {
      return new RebuildStep.NotOurs("another owner saw it catch up");
    }
    long bound = rebuild.replayTo() == 0 ? journal.maxOrdering(connection) : rebuild.replayTo();
    long position =
        Cursors.find(connection, projection, generation)
            .orElseThrow(() -> new IllegalStateException("there is no cursor that could pass"));
    if (position >= bound) {
      return Rebuilds.caughtUp(connection, rebuild)
          ? new RebuildStep.Done("its follower has passed ordering " + bound)
          : new RebuildStep.NotOurs("another owner saw it catch up");
    }
    if (rebuild.replayTo() == 0) {
      return Rebuilds.setBound(connection, rebuild, bound)
          ? new RebuildStep.Done("waits for its follower to pass ordering " + bound)
          : new RebuildStep.NotOurs("another owner saw it catch up");
    }
    return new RebuildStep.Waiting("its follower");
  }

  /**
   * It followed, and is inline from now on: replay goes on where the older generation's follower
   * has stopped for good, up to R, over what has no record. Beyond R all events have one.
   */
  private RebuildStep replayOn(Connection connection, Rebuild rebuild, long position)
      throws SQLException {
    long replayTo = journal.maxOrdering(connection);
    Cursors.removeOlder(connection, projection, generation);
    return Rebuilds.beginToCatchUp(connection, rebuild, position, Math.max(position, replayTo))
        ? new RebuildStep.Done(
            "took over the read model, replays from ordering " + position + " to " + replayTo)
        : new RebuildStep.NotOurs("another owner took the read model over");
  }

  /** As the older generation followed, so does this one from where that one stood. */
  private RebuildStep followOn(Connection connection, Rebuild rebuild, Generation from)
      throws SQLException {
    long position =
        Cursors.find(connection, from.projection(), from.generation())
            .orElseThrow(() -> new IllegalStateException(from + " has no cursor to take over"));
    Cursors.removeOlder(connection, from.projection(), from.generation() + 1);
    Cursors.put(connection, projection, generation, position);
    return Rebuilds.endTakeoverToFollow(connection, rebuild)
        ? new RebuildStep.Follows(position)
        : new RebuildStep.NotOurs("another owner took the read model over");
  }
}
