package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.projections.Projection;

/** What all parts stand on. */
record Ground(BenchServer server, Settings settings, Sizes sizes, Progress progress) {

  /** Starts an actor system on a database. */
  Load start(BenchDatabase database) {
    return Load.start(settings.config(Plugin.KINTSUGI, database));
  }

  /** Starts projections, and waits until they are active. */
  static void start(Load load, Projection<?>... projections) throws Exception {
    load.kintsugi().start(projections);
    for (Projection<?> projection : projections) {
      load.kintsugi().whenDone(projection.name()).toCompletableFuture().get();
    }
  }

  /** How many lanes our journal has: so many transactions append at a time. */
  int lanes() {
    return settings.journal().lanes();
  }
}
