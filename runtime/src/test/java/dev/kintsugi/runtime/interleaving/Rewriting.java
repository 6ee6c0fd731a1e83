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

  /** Fences wait for all that have an older id, whatever they do. */
  Rewriting FENCES_BY_IDS_ALONE =
      statement -> statement.replace(" AND bool_or(l.locktype = 'relation')", "");

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

  /** Whether a session compares the ids of others with each other: then it matters who is first. */
  default boolean comparesIds() {
    return false;
  }
}
