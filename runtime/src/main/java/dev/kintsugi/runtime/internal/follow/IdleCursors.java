package dev.kintsugi.runtime.internal.follow;

import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Stores how far followers have come for which nothing was of interest: the cursors of all of them
 * in one transaction. A step of each would be a transaction each; hundreds of followers would make
 * hundreds a second beside a load that is none of their business.
 */
final class IdleCursors {

  private IdleCursors() {}

  /**
   * A step of each of these, in the caller's transaction: an id first, then the rows, then the
   * cursors by compare-and-set (DESIGN 5). What one of them rests for keeps no other one from being
   * stored; and nobody is waited for.
   *
   * @param followers none of which does anything meanwhile
   * @return what came of each, in their order
   */
  static List<FollowStep> store(Connection connection, List<Standing> followers)
      throws SQLException {
    Map<Cursors.Of, Generation> rows = new HashMap<>();
    for (Generation row : Generations.eachToActOn(connection)) {
      rows.put(new Cursors.Of(row.projection(), row.generation()), row);
    }
    List<Cursors.Move> moves = new ArrayList<>();
    Map<Standing, FollowStep> resting = new HashMap<>();
    for (Standing follower : followers) {
      Optional<FollowStep> rest = follower.rest(Optional.ofNullable(rows.get(follower.cursor())));
      if (rest.isPresent()) {
        resting.put(follower, rest.get());
      } else {
        moves.add(new Cursors.Move(follower.cursor(), follower.stored(), follower.position()));
      }
    }
    Set<Cursors.Of> moved = Cursors.moveAll(connection, moves);
    List<FollowStep> steps = new ArrayList<>(followers.size());
    for (Standing follower : followers) {
      steps.add(
          resting.getOrDefault(
              follower,
              moved.contains(follower.cursor())
                  ? new FollowStep.Moved(follower.position(), 0, 0, 0)
                  : Follower.OVERTAKEN));
    }
    return steps;
  }
}
