package dev.kintsugi.examples.bench.follow;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.projections.Projection;

/** A projection of ours that follows, paused until it is let go on. */
record Following(String name, Projection<?> projection) implements Reader {

  /**
   * One of a kind.
   *
   * @param projection its name, and its table's
   */
  static Following of(String name, Kind kind, String projection) {
    return new Following(name, kind.projection(projection));
  }

  @Override
  public String countQuery() {
    return "SELECT COALESCE(sum(events), 0) FROM " + projection.name();
  }

  @Override
  public String positionQuery() {
    return "SELECT position FROM kintsugi_cursor WHERE projection = '%s'"
        .formatted(projection.name());
  }

  /** Builds it, of a journal with no events, and pauses it. */
  void start(Load load) throws Exception {
    follow(load);
    stop(load);
  }

  /** Builds it, of a journal with no events, and lets it follow. */
  void follow(Load load) throws Exception {
    load.kintsugi().start(projection);
    load.kintsugi().whenDone(projection.name()).toCompletableFuture().get();
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
