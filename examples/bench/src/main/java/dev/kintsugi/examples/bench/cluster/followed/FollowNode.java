package dev.kintsugi.examples.bench.cluster.followed;

import dev.kintsugi.examples.bench.cluster.history.HistoryNode;

/** A node with the history's files, and with {@link Twins} for read models. */
final class FollowNode {

  private FollowNode() {}

  /** Runs until it is killed or downed, or until whoever started it is gone. */
  public static void main(String[] args) {
    HistoryNode.run(Twins.projections(), told -> {});
  }
}
