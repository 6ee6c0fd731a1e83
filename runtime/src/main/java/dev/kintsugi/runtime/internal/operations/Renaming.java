package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.rebuild.RebuildSteps;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.internal.state.Subscriptions;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Gives a projection another name: a takeover across names (see {@link RebuildSteps}). In one
 * transaction the older name's row goes and the newer name has a generation that is rebuilding, so
 * writers record for that one; when its fence has passed, the older one's records become its own,
 * and it is active, with the read model as it was. (One that follows goes on at the older one's
 * cursor.) Its tables stay, its history stays under the older name. In the caller's transaction.
 *
 * @param from its name
 * @param to its name from now on, which a build of the application has to have for it to be active
 */
public record Renaming(String from, String to, String requestedBy, String reason) {

  /** The answer to a request. */
  public sealed interface Answer {}

  /** It has the other name from the commit of this transaction on. */
  public record Renamed(int generation) implements Answer {}

  /** Nothing was changed: the database knows no projection of the older name. */
  public record Unknown() implements Answer {}

  /** Nothing was changed. */
  public record Refused(String why) implements Answer {}

  /** Renames it, if it is active, or follows, and nothing is under way, and the name is free. */
  public Answer begin(Connection connection) throws SQLException {
    Optional<Generation> row = Generations.find(connection, from);
    if (row.isEmpty()) {
      return new Unknown();
    }
    Generation seen = row.get();
    Optional<Rebuild> rebuild = Rebuilds.lock(connection, from, seen.generation());
    if (seen.status() == Status.REBUILDING || rebuild.filter(Rebuild::isDone).isEmpty()) {
      return new Refused(
          "generation %d is being built; wait for its end".formatted(seen.generation()));
    }
    if (Generations.of(connection, from).size() > 1) {
      return new Refused(
          "a generation is kept, or built, beside the one that serves; wait for its end, or retire it");
    }
    if (Generations.find(connection, to).isPresent()) {
      return new Refused("there is a projection '" + to + "'");
    }
    ReadModels.rename(connection, from, to);
    Optional<Integer> generation = Generations.rename(connection, seen, to);
    if (generation.isEmpty()) {
      throw new IllegalStateException(
          "projection '%s' was to be renamed to '%s', and one of them was changed meanwhile, or the latter is being retired; nothing is changed, ask again"
              .formatted(from, to));
    }
    Rebuilds.takeOver(
        connection,
        to,
        generation.get(),
        requestedBy,
        reason,
        seen,
        seen.status() == Status.FOLLOWING);
    Subscriptions.rename(connection, from, to);
    OperationLog.note(
        connection, from, Operation.Kind.RENAME, requestedBy, reason, "to '" + to + "'");
    OperationLog.note(
        connection,
        to,
        Operation.Kind.RENAME,
        requestedBy,
        reason,
        "from '%s', generation %d".formatted(from, seen.generation()));
    return new Renamed(generation.get());
  }
}
