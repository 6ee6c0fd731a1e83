package dev.kintsugi.runtime.internal.hosting;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacementTest {

  private static final Set<String> BOTH = Set.of("x", "y");

  @Test
  void one_is_placed_where_it_is_known_and_few_are() {
    Map<String, List<String>> hosted = Map.of("x", List.of("a", "b"), "y", List.of("c"));
    assertThat(new Placement(hosted, Map.of("d", BOTH)).place("d")).contains("y");
    assertThat(new Placement(hosted, Map.of("d", Set.of("x"))).place("d")).contains("x");
    assertThat(new Placement(hosted, Map.of("d", Set.of("z"))).place("d")).isEmpty();
    assertThat(new Placement(hosted, Map.of()).place("d")).isEmpty();
  }

  @Test
  void an_even_spread_is_left_alone() {
    Map<String, List<String>> hosted = Map.of("x", List.of("a", "b"), "y", List.of("c"));
    assertThat(new Placement(hosted, Map.of("a", BOTH, "b", BOTH, "c", BOTH)).toMove()).isEmpty();
  }

  @Test
  void one_that_is_where_it_is_not_known_is_moved() {
    Map<String, List<String>> hosted = Map.of("x", List.of("a"), "y", List.of("b"));
    assertThat(new Placement(hosted, Map.of("a", Set.of("y"), "b", BOTH)).toMove())
        .containsExactly("a");
    assertThat(new Placement(hosted, Map.of("b", BOTH)).toMove()).as("nowhere to go").isEmpty();
  }

  /** Moves end, evenly: each round places what it moved, as the coordinator does. */
  @Test
  void rounds_of_moves_end_in_an_even_spread_of_what_can_be_anywhere() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int run = 0; run < 200; run++) {
      List<String> nodes = List.of("u", "v", "w").subList(0, 1 + random.nextInt(3));
      Map<String, List<String>> hosted = new TreeMap<>();
      nodes.forEach(node -> hosted.put(node, new ArrayList<>()));
      Map<String, Set<String>> having = new HashMap<>();
      for (int i = 0; i < random.nextInt(60); i++) {
        String id = "p" + i;
        having.put(id, Set.copyOf(nodes));
        Objects.requireNonNull(hosted.get(nodes.get(random.nextInt(nodes.size())))).add(id);
      }
      int rounds = 0;
      Set<String> moved = new Placement(hosted, having).toMove();
      while (!moved.isEmpty()) {
        assertThat(moved)
            .as("seed %d", seed)
            .hasSizeLessThanOrEqualTo(new Placement(hosted, having).movedAtOnce());
        assertThat(++rounds).as("rounds, seed %d", seed).isLessThan(20);
        for (String id : moved) {
          hosted.values().forEach(ids -> ids.remove(id));
        }
        for (String id : moved) {
          String node = new Placement(hosted, having).place(id).orElseThrow();
          Objects.requireNonNull(hosted.get(node)).add(id);
        }
        moved = new Placement(hosted, having).toMove();
      }
      List<Integer> sizes = hosted.values().stream().map(List::size).sorted().toList();
      assertThat(sizes.get(sizes.size() - 1) - sizes.get(0)).as("seed %d", seed).isLessThan(2);
    }
  }

  /** All on the node that came first, as when a hundred come one by one. */
  @Test
  void a_thousand_are_even_on_a_hundred_nodes_after_twenty_rounds() {
    List<String> nodes = IntStream.range(0, 100).mapToObj("n%02d"::formatted).toList();
    List<String> ids = IntStream.range(0, 1_000).mapToObj("p%03d"::formatted).toList();
    Map<String, List<String>> hosted = new TreeMap<>();
    nodes.forEach(node -> hosted.put(node, new ArrayList<>()));
    Objects.requireNonNull(hosted.get("n00")).addAll(ids);
    Map<String, Set<String>> having = new HashMap<>();
    ids.forEach(id -> having.put(id, Set.copyOf(nodes)));

    int rounds = 0;
    int moves = 0;
    Set<String> moved = new Placement(hosted, having).toMove();
    while (!moved.isEmpty()) {
      assertThat(moved).hasSizeLessThanOrEqualTo(50);
      rounds++;
      moves += moved.size();
      for (String id : moved) {
        hosted.values().forEach(there -> there.remove(id));
      }
      for (String id : moved) {
        String node = new Placement(hosted, having).place(id).orElseThrow();
        Objects.requireNonNull(hosted.get(node)).add(id);
      }
      moved = new Placement(hosted, having).toMove();
    }
    assertThat(hosted.values()).allSatisfy(there -> assertThat(there).hasSize(10));
    assertThat(rounds).isEqualTo(20);
    assertThat(moves).as("none is moved twice").isEqualTo(990);
  }
}
