package dev.kintsugi.runtime.internal.retirement;

import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.skip.UnhandledRecords;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Unhandled;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds projections that this node's build lacks, and whose records pile up as no node has them, it
 * seems: one that another node has is drained there.
 */
final class FindUnhandled {

  private FindUnhandled() {}

  /**
   * Looks for them, in the caller's transaction. Where this build has all projections, that is one
   * look at their few rows.
   */
  static List<Unhandled> in(Connection connection, ProjectionRegistry registry)
      throws SQLException {
    List<Unhandled> found = new ArrayList<>();
    for (Generation generation : Generations.all(connection)) {
      if (registry.find(generation.projection()).isEmpty()) {
        UnhandledRecords.count(connection, generation.projection(), generation.generation())
            .ifPresent(found::add);
      }
    }
    return found;
  }
}
