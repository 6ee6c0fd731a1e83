package dev.kintsugi.runtime.rebuild;

import dev.kintsugi.runtime.node.Counters;

/** Counts among a node's what its rebuilds of a projection have committed. */
record RebuildCounts(Counters counters, String projection) implements RebuildListener {

  @Override
  public void replayed(Replayed batch) {
    counters.replayed(projection, batch.applied(), batch.failed(), batch.behind());
  }
}
