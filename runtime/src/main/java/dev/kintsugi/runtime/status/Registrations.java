package dev.kintsugi.runtime.status;

import java.util.HashSet;
import java.util.Set;
import org.apache.pekko.annotation.ApiMayChange;

/**
 * Which nodes have a projection registered, in whichever version.
 *
 * @param nodes by their names
 * @param silent the nodes that did not say; they may have it
 */
@ApiMayChange
public record Registrations(Set<String> nodes, Set<String> silent) {

  /** Of no nodes. */
  public static final Registrations NONE = new Registrations(Set.of(), Set.of());

  /** Whether it is known that none has it. */
  public boolean areNone() {
    return nodes.isEmpty() && silent.isEmpty();
  }

  /** Of these nodes and others. */
  public Registrations plus(Registrations others) {
    return new Registrations(union(nodes, others.nodes), union(silent, others.silent));
  }

  private static Set<String> union(Set<String> some, Set<String> others) {
    Set<String> all = new HashSet<>(some);
    all.addAll(others);
    return Set.copyOf(all);
  }
}
