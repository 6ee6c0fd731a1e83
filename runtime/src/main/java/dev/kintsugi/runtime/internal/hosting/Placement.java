package dev.kintsugi.runtime.internal.hosting;

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

  /** The fewest that are moved at a time. */
  static final int MOVED_AT_ONCE = 10;

  /** One of so many is moved at a time, where there are many: each rests while it is. */
  private static final int ONE_OF = 20;

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
    while (moved.size() < movedAtOnce()) {
      Optional<Move> widest = widest(sizes, moved);
      if (widest.isEmpty()) {
        break;
      }
      moved.add(widest.get().id());
      sizes.merge(widest.get().from(), -1, Integer::sum);
      sizes.merge(widest.get().to(), 1, Integer::sum);
    }
    return moved;
  }

  int movedAtOnce() {
    return Math.max(MOVED_AT_ONCE, hosted.values().stream().mapToInt(List::size).sum() / ONE_OF);
  }

  /** The move between the nodes that are furthest apart, if it brings them nearer. */
  private Optional<Move> widest(Map<String, Integer> sizes, Set<String> moved) {
    List<String> fewestFirst =
        sizes.keySet().stream()
            .sorted(Comparator.<String>comparingInt(sizes::get).thenComparing(node -> node))
            .toList();
    Optional<Move> widest = Optional.empty();
    for (int most = fewestFirst.size() - 1; most > 0; most--) {
      String from = fewestFirst.get(most);
      for (String to : fewestFirst) {
        int gap = size(sizes, from) - size(sizes, to);
        if (gap <= Math.max(1, widest.map(Move::gap).orElse(0))) {
          break;
        }
        Optional<Move> move =
            hosted.getOrDefault(from, List.of()).stream()
                .filter(id -> !moved.contains(id) && nodesHaving(id).contains(to))
                .findFirst()
                .map(id -> new Move(id, from, to, gap));
        if (move.isPresent()) {
          widest = move;
          break;
        }
      }
    }
    return widest;
  }

  private static int size(Map<String, Integer> sizes, String node) {
    return sizes.getOrDefault(node, 0);
  }

  private Set<String> nodesHaving(String id) {
    return having.getOrDefault(id, Set.of());
  }
}
