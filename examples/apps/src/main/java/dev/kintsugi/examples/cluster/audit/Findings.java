package dev.kintsugi.examples.cluster.audit;

import java.util.List;

/**
 * What the comparison of a read model with the fold of the journal found.
 *
 * @param rows how many rows there should be
 * @param lost events that the read model lacks
 * @param doubled events that it has once too often
 * @param differing every row that is not as expected, those with lost and doubled events among them
 */
public record Findings(
    String table, long rows, long lost, long doubled, List<Difference> differing) {

  /** A row that is not as the journal has it. */
  public record Difference(String key, String expected, String actual) {}

  boolean isClean() {
    return lost == 0 && doubled == 0 && differing.isEmpty();
  }
}
