package dev.kintsugi.examples.history.audit;

import java.util.List;

/**
 * What the comparison of a read model with the oracle found.
 *
 * @param lost events that the read model lacks
 * @param doubled events that it has once too often
 * @param differences every row and column that is not as expected; these two and more
 */
public record Findings(String table, long lost, long doubled, List<Difference> differences) {

  /** Whether the read model is what it should be. */
  public boolean isClean() {
    return lost == 0 && doubled == 0 && differences.isEmpty();
  }
}
