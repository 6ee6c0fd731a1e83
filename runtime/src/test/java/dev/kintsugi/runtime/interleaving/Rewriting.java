package dev.kintsugi.runtime.interleaving;

import java.util.ArrayList;
import java.util.List;

/**
 * How a session's statements are changed before the server gets them: this is how a protocol is
 * broken that is otherwise the production code's.
 */
interface Rewriting {

  /** The protocol as it is. */
  Rewriting NONE = statement -> statement;

  /** That part of a fence's look which asks for locks on the statuses. */
  String HOLDS_THE_LOCK = " AND bool_or(l.locktype = 'relation')";

  /** Fences wait for all that have an older id, whatever they do. */
  Rewriting FENCES_BY_IDS_ALONE =
      new Rewriting() {
        @Override
        public String rewrite(String statement) {
          return statement.replace(HOLDS_THE_LOCK, "");
        }

        @Override
        public boolean fencesByIdsAlone() {
          return true;
        }
      };

  /** What is sent instead of a statement; with the same parameters. */
  String rewrite(String statement);

  /** In which order the statements of one round trip are run; their results keep theirs. */
  default List<Integer> order(List<String> statements) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < statements.size(); i++) {
      order.add(i);
    }
    return order;
  }

  /** Whether it makes no difference to a fence who has read a status. */
  default boolean fencesByIdsAlone() {
    return false;
  }

  /** Whether a session compares the ids of others with each other: then it matters who is first. */
  default boolean comparesIds() {
    return false;
  }
}
