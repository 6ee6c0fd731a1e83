package dev.kintsugi.runtime;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.hosting.Hosting;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.operations.ChangeRequest;
import dev.kintsugi.runtime.internal.operations.Pausing;
import dev.kintsugi.runtime.internal.operations.RebuildOperations;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.internal.operations.Renaming;
import dev.kintsugi.runtime.internal.retirement.RetirementSteps;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.verify.VerificationRuns;
import dev.kintsugi.runtime.internal.verify.Verifications;
import dev.kintsugi.runtime.operations.NewerVersionException;
import dev.kintsugi.runtime.operations.NotRenamedException;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.operations.RebuildImpossibleException;
import dev.kintsugi.runtime.operations.RebuildInProgressException;
import dev.kintsugi.runtime.operations.RetireAnswer;
import dev.kintsugi.runtime.operations.RetireOptions;
import dev.kintsugi.runtime.operations.StopAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Registrations;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * Changes projections on behalf of somebody, who is kept with each change. Got by {@link
 * Kintsugi#management}.
 *
 * <p>Each change is a transaction of this node, whichever node hosts the projection's supervisor,
 * and also where this node's build lacks the projection; the supervisor gets a hint to look at its
 * rows, and looks by itself if the hint is lost. So nothing depends on a node that does not answer.
 * Any thread may call; what blocks does so elsewhere.
 */
@ApiMayChange
public final class ProjectionManagement {

  private final KintsugiNode node;
  private final Hosting hosting;
  private final Verifications verifications;
  private final Function<String, Optional<ReadModel>> readModels;
  private final Runnable onRetired;
  private final String who;

  /**
   * Somebody's.
   *
   * @param readModels what this node has started, by name
   * @param onRetired has a retirement carried on that was begun
   */
  ProjectionManagement(
      KintsugiNode node,
      Hosting hosting,
      Verifications verifications,
      Function<String, Optional<ReadModel>> readModels,
      Runnable onRetired,
      String who) {
    this.readModels = readModels;
    this.onRetired = onRetired;
    this.node = node;
    this.hosting = hosting;
    this.verifications = verifications;
    this.who = who;
  }

  /**
   * Asks for a rebuild.
   *
   * @param reason for people; it is kept in the rebuild's history
   * @return the generation that is built, once that is on record, though its work has only begun.
   *     Fails with {@link UnknownProjectionException}, {@link RebuildInProgressException}, {@link
   *     NewerVersionException} or {@link RebuildImpossibleException}; nothing is changed then.
   */
  public CompletionStage<Integer> rebuild(String projection, String reason) {
    return rebuild(projection, reason, false);
  }

  /**
   * Asks for a rebuild, also into a lower version than the database has, as after an upgrade that
   * was taken back. The tables are made anew by the lower version's script. Nodes that still run
   * the newer build record the projection's events as {@code NO_HANDLER} from then on, and raise
   * the version again when they start.
   *
   * @param allowLowerVersion whether this node's version may be lower than the database's; if not,
   *     that is a {@link NewerVersionException}
   */
  public CompletionStage<Integer> rebuild(
      String projection, String reason, boolean allowLowerVersion) {
    return change(
            projection,
            connection -> begin(connection, projection, reason, allowLowerVersion, false))
        .thenApply(answer -> generation(projection, answer));
  }

  /**
   * Asks for a rebuild in place, whatever the projection's definition says: its read model is
   * emptied where readers see it, and filled again.
   */
  public CompletionStage<Integer> rebuildInPlace(String projection, String reason) {
    return change(projection, connection -> begin(connection, projection, reason, false, true))
        .thenApply(answer -> generation(projection, answer));
  }

  /**
   * Approves that a new generation serves, which was built beside, and whose comparison with the
   * one that serves somebody was to see.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<RebuildAnswer> approve(String projection, String reason) {
    return change(
        projection,
        connection -> RebuildOperations.approve(connection, projection, request(reason)));
  }

  /**
   * Rejects a new generation that is built beside the one that serves, in whichever phase: it is
   * stopped, and its tables are dropped. What serves is untouched. A rebuild in place is not
   * rejected but stopped: {@link #stopRebuild}.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<RebuildAnswer> reject(String projection, String reason) {
    return change(
            projection,
            connection -> RebuildOperations.reject(connection, projection, request(reason)))
        .whenComplete((done, error) -> onRetired.run());
  }

  /**
   * Has the generation serve again that the last swap replaced, as long as it is kept: at once, and
   * exactly, as every append has been applied to it all the while.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<RebuildAnswer> undo(String projection, String reason) {
    return change(
        projection, connection -> RebuildOperations.undo(connection, projection, request(reason)));
  }

  /**
   * Keeps the generation no longer that the last swap replaced: its swap can't be undone any more,
   * and appends no longer write to it.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<RebuildAnswer> retireReplaced(String projection, String reason) {
    return change(
            projection,
            connection -> RebuildOperations.retireKept(connection, projection, request(reason)))
        .whenComplete((done, error) -> onRetired.run());
  }

  /** A node whose build lacks the projection asks for the version that the database has. */
  private RebuildRequest.Answer begin(
      Connection connection,
      String projection,
      String reason,
      boolean allowLowerVersion,
      boolean inPlace)
      throws SQLException {
    Optional<Projection<?>> here = node.registry().find(projection);
    Optional<RebuildRequest> request =
        here.isPresent()
            ? here.map(definition -> RebuildRequest.of(definition, who, reason))
            : RebuildRequest.asItIs(connection, projection, who, reason);
    return request.isEmpty()
        ? new RebuildRequest.Unknown()
        : (inPlace ? request.get().toBeInPlace() : request.get())
            .begin(connection, readModels.apply(projection), allowLowerVersion);
  }

  private int generation(String projection, RebuildRequest.Answer answer) {
    if (answer instanceof RebuildRequest.Accepted accepted) {
      return accepted.generation();
    } else if (answer instanceof RebuildRequest.InProgress running) {
      throw new RebuildInProgressException(
          projection,
          "generation %d is being built, as %s asked (%s); wait for its end"
              .formatted(running.generation(), running.requestedBy(), running.reason()));
    } else if (answer instanceof RebuildRequest.NewerVersion newer) {
      int ours = node.registry().find(projection).map(Projection::version).orElse(0);
      throw new NewerVersionException(projection, newer.version(), ours);
    } else if (answer instanceof RebuildRequest.Impossible impossible) {
      throw new RebuildImpossibleException(projection, impossible.obstacle());
    } else if (answer instanceof RebuildRequest.LostRace) {
      throw new RebuildInProgressException(projection, "another request came first");
    }
    throw new UnknownProjectionException(projection);
  }

  /**
   * Stops the rebuild that is under way. Of one that is built beside what is served nothing is
   * left, and what serves is untouched ({@link RebuildAnswer.Discarded}). Of one in place: as long
   * as it waits for its first fence nothing was emptied: the read model stays as it was, in the
   * version that it had, and is in use again as soon as that fence has passed ({@link
   * RebuildAnswer.Returns}). Later it stops where it stands ({@link RebuildAnswer.Stopped}): no
   * node goes on with it. Its read model is incomplete, and writers go on to record what comes, so
   * that nothing is lost; only a new rebuild, from the start, makes it whole. The read model of one
   * that is settling is in use again, and stays so; that nothing is missing is not proven then.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<RebuildAnswer> stopRebuild(String projection, String reason) {
    return change(
            projection,
            connection -> RebuildOperations.stop(connection, projection, request(reason)))
        .whenComplete((done, error) -> onRetired.run());
  }

  /**
   * Limits how many events a second the rebuild that is under way may replay, so that it leaves the
   * database to the writers; from the next batch on. Draining what writers recorded meanwhile is
   * not limited: it has to catch up with them.
   *
   * @param eventsPerSecond 1 or more; 0 lifts the limit
   * @param reason for people; it is kept
   * @throws IllegalArgumentException if it is negative
   */
  public CompletionStage<RebuildAnswer> limitRebuild(
      String projection, int eventsPerSecond, String reason) {
    if (eventsPerSecond < 0) {
      throw new IllegalArgumentException("a rate can't be negative: " + eventsPerSecond);
    }
    return node.inTransaction(
        connection ->
            RebuildOperations.limit(connection, projection, eventsPerSecond, request(reason)));
  }

  /**
   * Pauses a projection: from then on writers record its events as {@code PAUSED}, and its recovery
   * and its rebuild rest. Nothing is lost, but the read model stands still; appends under way may
   * still be applied.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<PauseAnswer> pause(String projection, String reason) {
    return change(projection, connection -> Pausing.pause(connection, projection, request(reason)));
  }

  /**
   * Resumes a projection that somebody or its failure policy has paused: writers apply again, and
   * recovery drains what they recorded.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<PauseAnswer> resume(String projection, String reason) {
    return change(
        projection, connection -> Pausing.resume(connection, projection, request(reason)));
  }

  /**
   * Has this node hold a projection's read model against the journal, as {@link Kintsugi#verify}
   * does, when it has ended the verifications that it was asked for before. What comes of it is
   * kept, and any node tells: {@link Kintsugi#findVerification}. It takes three connections besides
   * the pool's. One that its node does not survive is abandoned: nobody else goes on with it.
   *
   * @param reason for people; it is kept
   * @return its number, once it is on record. Fails with {@link UnknownProjectionException}, or
   *     with {@link dev.kintsugi.runtime.verify.NotVerifiableException} if the projection is being
   *     rebuilt or verified, or this node has no handler for it; nothing is on record then.
   */
  public CompletionStage<Integer> startVerification(String projection, String reason) {
    return node.onBlockingThread(() -> verifications.begin(projection, who, reason))
        .thenApply(begun -> begun.orElseThrow(() -> new UnknownProjectionException(projection)));
  }

  /**
   * Stops a verification that has not ended yet, whichever node carries it out. That leaves off
   * after the events, or the table, that it is at.
   *
   * @param reason for people; it is kept
   */
  public CompletionStage<StopAnswer> stopVerification(String projection, int id, String reason) {
    return node.inTransaction(
        connection -> VerificationRuns.stop(connection, projection, id, who, reason));
  }

  /**
   * Gives a projection another name. Its read model and what is open of it stay as they are.
   * Writers record under the newer name from then on, and apply again as soon as no transaction
   * runs that began before, and a node has a projection of that name, in the same version, with the
   * same tables. Its history stays under the older name.
   *
   * @param to its name from now on; no projection may have it
   * @param reason for people; it is kept
   * @return the generation under the newer name. Fails with {@link UnknownProjectionException}, or
   *     with {@link NotRenamedException} if it is being rebuilt or the name is taken; nothing is
   *     changed then.
   * @throws IllegalArgumentException if it is no name for a projection
   */
  public CompletionStage<Integer> rename(String projection, String to, String reason) {
    var unused = Projection.named(to); // refuses what is no name
    return change(to, new Renaming(projection, to, who, reason)::begin)
        .thenApply(
            answer -> {
              if (answer instanceof Renaming.Renamed renamed) {
                return renamed.generation();
              } else if (answer instanceof Renaming.Refused refused) {
                throw new NotRenamedException(projection, to, refused.why());
              }
              throw new UnknownProjectionException(projection);
            });
  }

  /**
   * Retires a projection: writers record for it no more, and as soon as no transaction runs that
   * began before, its open records are archived as superseded and its tables dropped, or left. Its
   * history stays. A projection of that name that is started afterwards is a new one, of the next
   * generation; one that is started before is refused.
   *
   * @param reason for people; it is kept
   * @return what came of it: it is not retired while a node has it registered, or can't be asked,
   *     unless that is forced. Fails with {@link UnknownProjectionException}.
   */
  public CompletionStage<RetireAnswer> retire(
      String projection, String reason, RetireOptions options) {
    return hosting
        .registrations(projection)
        .thenCompose(
            known ->
                node.inTransaction(
                    connection -> retire(connection, projection, reason, options, known)))
        .whenComplete((done, error) -> onRetired.run());
  }

  private RetireAnswer retire(
      Connection connection,
      String projection,
      String reason,
      RetireOptions options,
      Registrations known)
      throws SQLException {
    if (Generations.find(connection, projection).isEmpty()) {
      throw new UnknownProjectionException(projection);
    }
    if (!known.areNone() && !options.isForced()) {
      return new RetireAnswer.Registered(projection, known.nodes(), known.silent());
    }
    return RetirementSteps.begin(connection, projection, who, reason, options.dropsTables())
        .orElseThrow(() -> new UnknownProjectionException(projection));
  }

  /** A projection's open skip records: to look at, to have tried again, to discard. */
  public Skips skips(String projection) {
    return new Skips(node, this, projection, who);
  }

  private ChangeRequest request(String reason) {
    return new ChangeRequest(who, reason);
  }

  /** What came of a change, and the versions of the projection's generations after it. */
  private record Done<T>(T result, Set<Integer> versions) {}

  /** One transaction, and a hint that there was a change. */
  <T> CompletionStage<T> change(String projection, Database.Work<T> work) {
    return node.inTransaction(
            connection ->
                new Done<>(
                    work.run(connection),
                    Generations.of(connection, projection).stream()
                        .map(Generation::version)
                        .collect(Collectors.toSet())))
        .thenApply(
            done -> {
              done.versions().forEach(version -> hosting.wake(projection, version));
              return done.result();
            });
  }
}
