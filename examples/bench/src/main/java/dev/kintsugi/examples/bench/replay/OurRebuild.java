package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A projection of ours, built for the first time and then rebuilt in place, as the loop does. */
final class OurRebuild implements Contestant {

  private final Kintsugi kintsugi;
  private final Projection<FileEvent> projection;
  private boolean started;

  /**
   * A projection that is not started yet.
   *
   * @param projection its one table has its name
   */
  OurRebuild(Kintsugi kintsugi, Projection<FileEvent> projection) {
    this.kintsugi = kintsugi;
    this.projection = projection;
  }

  @Override
  public String table() {
    return projection.name();
  }

  /** Takes the replay's time from its row, so without the fences; all of it is the whole. */
  @Override
  public Run run() throws Exception {
    long begin = System.nanoTime();
    Rebuild proven = build();
    Duration whole = Duration.ofNanos(System.nanoTime() - begin);
    Duration took = Duration.between(known(proven.replayAt()), known(proven.drainAt()));
    return new Run(proven.replayed(), proven.drained(), took, whole);
  }

  private Rebuild build() throws Exception {
    if (!started) {
      started = true;
      kintsugi.start(projection);
      return kintsugi.whenDone(projection.name()).toCompletableFuture().get();
    }
    RebuildHandle handle =
        kintsugi.rebuild(projection.name(), "benchmark").toCompletableFuture().get();
    return handle.done().toCompletableFuture().get();
  }

  private static Instant known(@Nullable Instant phase) {
    if (phase == null) {
      throw new IllegalStateException("a rebuild that is done has passed every phase");
    }
    return phase;
  }
}
