package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.interleaving.Session.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * Runs some sessions through all their interleavings. Of those that differ only in the order of
 * steps that do not depend on each other, it runs one: neither the sessions nor the database can
 * tell these apart.
 *
 * <p>Dynamic partial-order reduction with source sets (Abdulla, Aronis, Jonsson and Sagonas,
 * "Optimal dynamic partial order reduction", POPL 2014) and sleep sets (Godefroid, "Partial-Order
 * Methods for the Verification of Concurrent Systems", 1996): after each run it looks for pairs of
 * steps that depend on each other and might have come the other way round, and goes back to try
 * that.
 */
final class Explorer {

  /** Sets up the sessions anew, runs them as the chooser says, and looks at what came of it. */
  interface Runner {
    Result run(Run.Chooser chooser) throws Exception;
  }

  record Result(List<Run.Event> events, Run.Outcome outcome) {}

  /** How many runs came to their end, and how many were cut off as the same as an earlier one. */
  record Count(int complete, int cutOff, int steps) {}

  /** Where a choice was made. */
  private static final class Node {
    final Map<Integer, Step> enabled;

    /** Sessions whose step has been run first from here; the order does not matter since. */
    final Map<Integer, Step> asleep;

    /** Sessions that have to be tried here. */
    final Set<Integer> toTry = new TreeSet<>();

    int chosen;

    Node(Map<Integer, Step> enabled, Map<Integer, Step> asleep) {
      this.enabled = enabled;
      this.asleep = asleep;
    }

    Step chosenStep() {
      return stepOf(chosen);
    }

    Step stepOf(int session) {
      Step step = enabled.get(session);
      if (step == null) {
        throw new IllegalStateException("session " + session + " is not among " + enabled);
      }
      return step;
    }

    void choose(int session) {
      chosen = session;
      toTry.add(session);
    }
  }

  private final Runner runner;
  private final List<Node> path = new ArrayList<>();
  private int complete;
  private int cutOff;
  private int steps;

  Explorer(Runner runner) {
    this.runner = runner;
  }

  /** What to do with each run that came to its end. */
  interface Visitor {

    /** Looks at it; returns whether to go on to the next one. */
    boolean visit(Result result) throws Exception;
  }

  Count explore(Visitor visitor) throws Exception {
    boolean goesOn = true;
    do {
      Result result = runner.run(new Walk());
      steps += result.events().size();
      if (result.outcome().complete()) {
        complete++;
        goesOn = visitor.visit(result);
      } else {
        cutOff++;
      }
      lookForRaces(result.events());
    } while (goesOn && goBack());
    return new Count(complete, cutOff, steps);
  }

  /** Goes the path as it stands, and from its end on wherever it leads. */
  private final class Walk implements Run.Chooser {
    private int depth;

    @Override
    public OptionalInt choose(Map<Integer, Step> enabled) {
      if (depth == path.size()) {
        Node node = new Node(Map.copyOf(enabled), asleepAtTheEnd());
        OptionalInt next = next(node);
        if (next.isEmpty()) {
          return OptionalInt.empty();
        }
        node.choose(next.getAsInt());
        path.add(node);
      } else if (!path.get(depth).enabled.equals(enabled)) {
        throw new IllegalStateException(
            "run again, step %d differs:%n  before %s%n  now    %s"
                .formatted(depth, path.get(depth).enabled, enabled));
      }
      return OptionalInt.of(path.get(depth++).chosen);
    }

    /** The same session as long as it can go on: runs with few switches come first. */
    private OptionalInt next(Node node) {
      if (!path.isEmpty()) {
        int last = path.get(path.size() - 1).chosen;
        if (node.enabled.containsKey(last) && !node.asleep.containsKey(last)) {
          return OptionalInt.of(last);
        }
      }
      return node.enabled.keySet().stream()
          .filter(session -> !node.asleep.containsKey(session))
          .mapToInt(Integer::intValue)
          .sorted()
          .findFirst();
    }
  }

  /** Those that slept before the last step and that it does not wake. */
  private Map<Integer, Step> asleepAtTheEnd() {
    Map<Integer, Step> asleep = new HashMap<>();
    if (!path.isEmpty()) {
      Node last = path.get(path.size() - 1);
      last.asleep.forEach(
          (session, step) -> {
            if (session != last.chosen && !step.access().dependsOn(last.chosenStep().access())) {
              asleep.put(session, step);
            }
          });
    }
    return asleep;
  }

  /**
   * Notes what has to be tried at the choice before two steps that depend on each other, where
   * nothing else puts them in this order: one of the steps that can lead to the other order.
   */
  private void lookForRaces(List<Run.Event> events) {
    HappenedBefore.of(
        events,
        (earlier, later, firsts) -> {
          Node node = path.get(earlier);
          Set<Integer> candidates = new TreeSet<>();
          for (int first : firsts) {
            if (node.enabled.containsKey(events.get(first).session())) {
              candidates.add(events.get(first).session());
            }
          }
          if (candidates.isEmpty()) {
            node.toTry.addAll(node.enabled.keySet());
          } else if (candidates.stream().noneMatch(node.toTry::contains)) {
            node.toTry.add(candidates.iterator().next());
          }
        });
  }

  /** Back to the last choice where something is left to try. */
  private boolean goBack() {
    while (!path.isEmpty()) {
      Node node = path.get(path.size() - 1);
      node.asleep.put(node.chosen, node.chosenStep());
      for (int session : node.toTry) {
        if (!node.asleep.containsKey(session)) {
          node.choose(session);
          return true;
        }
      }
      path.remove(path.size() - 1);
    }
    return false;
  }
}
