package dev.kintsugi.runtime.operations;

import java.util.Set;
import java.util.TreeSet;

/** What came of a request to retire a projection. */
public sealed interface RetireAnswer {

  /** In one line, for people. */
  String message();

  /**
   * It is no projection any more. Its open records and its tables go as soon as no transaction runs
   * that began before.
   */
  record Retiring(String projection, int generation, boolean dropsTables) implements RetireAnswer {
    @Override
    public String message() {
      return "projection '%s' is retired: writers record for it no more. As soon as all transactions have ended that began before, its open records are archived as superseded, and its tables %s"
          .formatted(projection, dropsTables ? "dropped" : "left as they are");
    }
  }

  /**
   * Nothing was changed: nodes may have it registered.
   *
   * @param nodes those that have it
   * @param silent those that did not say
   */
  record Registered(String projection, Set<String> nodes, Set<String> silent)
      implements RetireAnswer {
    @Override
    public String message() {
      return "projection '%s' is not retired:%s%s Deploy a build without it first; or force it, and these nodes do nothing for it any more, but one that is started again builds it anew"
          .formatted(
              projection,
              nodes.isEmpty() ? "" : " it is registered on " + names(nodes) + ".",
              silent.isEmpty() ? "" : " " + names(silent) + " did not say whether they have it.");
    }

    private static String names(Set<String> nodes) {
      return String.join(", ", new TreeSet<>(nodes));
    }
  }
}
