package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.OperationLog;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.status.Operation;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Pauses a projection, or resumes it: in the caller's transaction, by compare-and-set. Paused, its
 * writers record what comes, its recovery and its rebuild rest. Writers that read the row before
 * still apply; who has to know when they have ended takes a fence after it (DESIGN 4).
 */
public final class Pausing {

  private Pausing() {}

  /** Pauses a projection. */
  public static PauseAnswer pause(Connection connection, String projection, ChangeRequest request)
      throws SQLException {
    return set(connection, projection, request, true);
  }

  /** Resumes a projection that was paused, by people or by its failure policy. */
  public static PauseAnswer resume(Connection connection, String projection, ChangeRequest request)
      throws SQLException {
    return set(connection, projection, request, false);
  }

  private static PauseAnswer set(
      Connection connection, String projection, ChangeRequest request, boolean paused)
      throws SQLException {
    Operation.Kind kind = paused ? Operation.Kind.PAUSE : Operation.Kind.RESUME;
    if (!Generations.setPaused(connection, projection, paused)) {
      if (Generations.find(connection, projection).isEmpty()) {
        throw new UnknownProjectionException(projection);
      }
      return new PauseAnswer.AlreadySo(
          projection, paused, OperationLog.last(connection, projection, kind));
    }
    OperationLog.note(connection, projection, kind, request.requestedBy(), request.reason(), "");
    return paused ? new PauseAnswer.Paused(projection) : new PauseAnswer.Resumed(projection);
  }
}
