package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.projections.Projection;

/**
 * A projection of ours that follows, paused until it is let go on.
 *
 * @param count an expression for the events in a row of its table
 */
record Following(String name, Projection<?> projection, String table, String count)
    implements Reader {

  @Override
  public String countQuery() {
    return "SELECT COALESCE(sum(%s), 0) FROM %s".formatted(count, table);
  }

  @Override
  public String positionQuery() {
    return "SELECT position FROM kintsugi_cursor WHERE projection = '%s'"
        .formatted(projection.name());
  }

  /** Builds it, of a journal with no events, and pauses it. */
  void start(Load load) throws Exception {
    load.kintsugi().start(projection);
    load.kintsugi().whenDone(projection.name()).toCompletableFuture().get();
    stop(load);
  }

  @Override
  public void resume(Load load) throws Exception {
    load.kintsugi().resume(projection.name(), "measured").toCompletableFuture().get();
  }

  @Override
  public void stop(Load load) throws Exception {
    load.kintsugi().pause(projection.name(), "measured").toCompletableFuture().get();
  }
}
