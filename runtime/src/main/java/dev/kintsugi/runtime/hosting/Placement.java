package dev.kintsugi.runtime.hosting;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which node is to host what: one that has it, and of these one that hosts few.
 *
 * @param hosted what each node hosts now, by the nodes' names
 * @param having the nodes that have each projection in its version; of one that is missing, none is
 *     known
 */
record Placement(Map<String, List<String>> hosted, Map<String, Set<String>> having) {

  /** How many are moved at a time: each rests while it is. */
  static final int MOVED_AT_ONCE = 10;

  private record Move(String id, String from, String to, int gap) {}

  /** Where one is to be hosted that is not; empty if no node is known to have it. */
  Optional<String> place(String id) {
    return hosted.entrySet().stream()
        .filter(node -> nodesHaving(id).contains(node.getKey()))
        .min(
            Comparator.<Map.Entry<String, List<String>>>comparingInt(node -> node.getValue().size())
                .thenComparing(Map.Entry::getKey))
        .map(Map.Entry::getKey);
  }

  /**
   * Which are to be moved: those that are where they are not known, and from nodes that host many
   * to ones that have them and host at least two fewer.
   */
  Set<String> toMove() {
    Set<String> moved = new HashSet<>();
    hosted.forEach(
        (node, ids) ->
            ids.stream()
                .filter(id -> !nodesHaving(id).isEmpty() && !nodesHaving(id).contains(node))
                .forEach(moved::add));
    Map<String, Integer> sizes = new TreeMap<>();
    hosted.forEach((node, ids) -> sizes.put(node, ids.size()));
    while (moved.size() < MOVED_AT_ONCE) {
      Optional<Move> widest =
          moves(sizes, moved).stream()
              .filter(move -> move.gap() > 1)
              .max(Comparator.comparingInt(Move::gap).thenComparing(Move::id));
      if (widest.isEmpty()) {
        break;
      }
      moved.add(widest.get().id());
      sizes.merge(widest.get().from(), -1, Integer::sum);
      sizes.merge(widest.get().to(), 1, Integer::sum);
    }
    return moved;
  }

  private Collection<Move> moves(Map<String, Integer> sizes, Set<String> moved) {
    Set<Move> moves = new HashSet<>();
    hosted.forEach(
        (node, ids) ->
            ids.stream()
                .filter(id -> !moved.contains(id))
                .forEach(
                    id ->
                        nodesHaving(id).stream()
                            .filter(sizes::containsKey)
                            .forEach(
                                other ->
                                    moves.add(
                                        new Move(
                                            id,
                                            node,
                                            other,
                                            sizes.getOrDefault(node, 0)
                                                - sizes.getOrDefault(other, 0))))));
    return moves;
  }

  private Set<String> nodesHaving(String id) {
    return having.getOrDefault(id, Set.of());
  }
}
