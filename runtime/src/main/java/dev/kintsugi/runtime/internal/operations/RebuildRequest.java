package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.internal.retirement.RetirementSteps;
import dev.kintsugi.runtime.internal.schema.Places;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.state.BesideRebuilds;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Step 1 of a rebuild (DESIGN 6): the projection's row becomes the next generation, rebuilding, and
 * the rebuild is noted. One that follows is so from the outset: no writer need record for it. In
 * the caller's transaction.
 *
 * @param version the version that this build has of the projection
 * @param follows whether it follows the journal in this build
 * @param inPlace whether the read model is emptied where readers see it; if not, another one is
 *     built beside it. The first build of a projection is in place in any case.
 */
public record RebuildRequest(
    String projection,
    int version,
    boolean follows,
    boolean inPlace,
    String requestedBy,
    String reason) {

  /** What people read is stored with a replacement for what can't be. */
  public RebuildRequest {
    requestedBy = StorableText.repaired(requestedBy);
    reason = StorableText.repaired(reason);
  }

  /** One of a definition. */
  public static RebuildRequest of(Projection<?> definition, String requestedBy, String reason) {
    return new RebuildRequest(
        definition.name(),
        definition.version(),
        definition.isFollowing(),
        definition.isFollowing() || definition.rebuildPolicy().isInPlace(),
        requestedBy,
        reason);
  }

  /** The same in place, whatever the definition says. */
  public RebuildRequest toBeInPlace() {
    return new RebuildRequest(projection, version, follows, true, requestedBy, reason);
  }

  /** One of what the database has, whether this build has it or not; empty if that has none. */
  public static Optional<RebuildRequest> asItIs(
      Connection connection, String projection, String requestedBy, String reason)
      throws SQLException {
    Optional<Generation> row = Generations.find(connection, projection);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    boolean follows =
        Rebuilds.find(connection, projection, row.get().generation())
            .filter(Rebuild::follows)
            .isPresent();
    boolean inPlace = follows || row.get().place() == null;
    return Optional.of(
        new RebuildRequest(projection, row.get().version(), follows, inPlace, requestedBy, reason));
  }

  /** What the row is from the request on. */
  private Status status() {
    return follows ? Status.FOLLOWING : Status.REBUILDING;
  }

  /** The answer to a request. */
  public sealed interface Answer {}

  /** The generation is being built from the commit of this transaction on. */
  public record Accepted(int generation) implements Answer {}

  /** Nothing was changed: a rebuild is under way. */
  public record InProgress(int generation, String requestedBy, String reason) implements Answer {}

  /** Nothing was changed: the database knows no such projection. */
  public record Unknown() implements Answer {}

  /**
   * Nothing was changed: another build of the application has a newer version of the projection.
   */
  public record NewerVersion(int version) implements Answer {}

  /**
   * Nothing was changed: its tables could not be emptied, or made anew.
   *
   * @param obstacle why, and what to do about it
   */
  public record Impossible(String obstacle) implements Answer {}

  /** Nothing was changed: another request came first. */
  public record LostRace() implements Answer {}

  /** Makes the first generation of a projection that the database does not know yet. */
  public boolean registerFirst(Connection connection) throws SQLException {
    if (!Generations.register(connection, projection, version, status())) {
      return false;
    }
    Generation first = Generations.find(connection, projection).orElseThrow();
    Rebuilds.request(
        connection, projection, first.generation(), requestedBy, reason, follows, Optional.empty());
    return true;
  }

  /** Begins the next generation, by the version that the database has or a higher one. */
  public Answer begin(Connection connection) throws SQLException {
    return begin(connection, Optional.empty(), false);
  }

  /**
   * Begins the next generation, unless a rebuild by the same version is under way that has not
   * stopped. (One by another version would never end where no node has that any more.)
   *
   * @param readModel what this build has of the projection, which says whether its script can run
   *     again; empty if it lacks the projection
   * @param allowLowerVersion whether to begin it also by a version that is lower than the
   *     database's, whose tables are then made anew by this one's script
   */
  public Answer begin(
      Connection connection, Optional<ReadModel> readModel, boolean allowLowerVersion)
      throws SQLException {
    Optional<Generation> seen = Generations.find(connection, projection);
    if (seen.isEmpty()) {
      return new Unknown();
    }
    if (seen.get().version() > version && !allowLowerVersion) {
      return new NewerVersion(seen.get().version());
    }
    for (Generation each : Generations.of(connection, projection)) {
      Optional<Rebuild> last = Rebuilds.find(connection, projection, each.generation());
      boolean isOther = each.version() != version;
      if (!isOther && last.isPresent() && !last.get().isDone() && !last.get().isStopped()) {
        return new InProgress(
            last.get().generation(), last.get().requestedBy(), last.get().reason());
      }
    }
    Optional<String> obstacle = obstacle(connection, seen.get(), readModel);
    return obstacle.isPresent()
        ? new Impossible(obstacle.get())
        : beginAfter(connection, seen.get());
  }

  /** Why it can't succeed, as far as can be seen before it begins. */
  Optional<String> obstacle(
      Connection connection, Generation serving, Optional<ReadModel> readModel)
      throws SQLException {
    if (isBeside(connection, serving)) {
      return Places.obstacle(
          connection, projection, Rebuilds.next(connection, projection), serving.place() != null);
    }
    if (serving.place() != null) {
      return Optional.empty();
    }
    return readModel.isPresent()
        ? ReadModels.obstacle(connection, readModel.get())
        : ReadModels.obstacle(connection, projection, version);
  }

  /**
   * Whether it is built beside. One that is not whole itself, or follows, is made anew where it is.
   */
  private boolean isBeside(Connection connection, Generation serving) throws SQLException {
    return !inPlace
        && serving.status() == Status.ACTIVE
        && Rebuilds.find(connection, projection, serving.generation())
            .filter(rebuild -> !rebuild.isGivenUp())
            .isPresent();
  }

  /**
   * Begins the next generation if the database's version is older, also in the midst of a rebuild.
   */
  public Optional<Answer> beginIfRaised(Connection connection) throws SQLException {
    Optional<Generation> older = olderVersion(connection);
    return older.isPresent() ? Optional.of(beginAfter(connection, older.get())) : Optional.empty();
  }

  /**
   * The generation that serves, if its version is older than this build's, which is not being built
   * beside it, or kept as a swap was undone.
   */
  public Optional<Generation> olderVersion(Connection connection) throws SQLException {
    Optional<Generation> serving =
        Generations.find(connection, projection).filter(seen -> seen.version() < version);
    if (serving.isEmpty()
        || Generations.of(connection, projection).stream()
            .anyMatch(each -> each.version() >= version)
        || BesideRebuilds.isUndone(connection, projection, version)) {
      return Optional.empty();
    }
    return serving;
  }

  private Answer beginAfter(Connection connection, Generation seen) throws SQLException {
    discardOthers(connection);
    if (isBeside(connection, seen)) {
      return beginBeside(connection, seen);
    }
    OptionalInt begun = Generations.beginNext(connection, seen, version, status());
    if (begun.isEmpty()) {
      return new LostRace();
    }
    int next = begun.getAsInt();
    Rebuilds.supersedeOlder(connection, projection, next);
    Rebuilds.request(
        connection,
        projection,
        next,
        requestedBy,
        reason,
        follows,
        canReturnTo(connection, seen) ? Optional.of(seen) : Optional.empty());
    return new Accepted(next);
  }

  /** What is being built beside what serves, by another version: this one takes its place. */
  private void discardOthers(Connection connection) throws SQLException {
    for (Generation each : Generations.of(connection, projection)) {
      if (each.serving()) {
        continue;
      }
      Optional<Rebuild> rebuild = Rebuilds.lock(connection, projection, each.generation());
      if (rebuild.isPresent()
          && !rebuild.get().isDone()
          && BesideRebuilds.discard(
              connection, rebuild.get(), requestedBy, "another build was begun: " + reason)) {
        RetirementSteps.beginOne(connection, each, requestedBy, reason);
      }
    }
  }

  /** DESIGN 7, step 1. */
  private Answer beginBeside(Connection connection, Generation serving) throws SQLException {
    int next = Rebuilds.next(connection, projection);
    String place = Places.make(connection, projection, next);
    if (!Generations.beginBeside(connection, serving, next, version, place)) {
      return new LostRace();
    }
    BesideRebuilds.request(connection, next, version, requestedBy, reason, serving);
    return new Accepted(next);
  }

  /**
   * Whether the rebuild can be stopped with nothing lost until its read model is emptied. That
   * takes one that is whole, and that what comes meanwhile finds its way: writers record it, or the
   * older one's cursor says what is still to come.
   */
  private boolean canReturnTo(Connection connection, Generation seen) throws SQLException {
    return follows
        ? seen.status() == Status.FOLLOWING
            && Cursors.find(connection, projection, seen.generation()).isPresent()
        : seen.status() == Status.ACTIVE;
  }
}
