package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.files.FileEvent;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** Persistent actors that change files at a steady rate while something else is done. */
final class SteadyWriters {

  private static final int ACTORS = 50;
  private static final String PREFIX = FileEntity.persistenceId("load");

  private final Load load;
  private final int perSecond;

  /**
   * Starts the actors.
   *
   * @param perSecond how many changes are due each second, over all actors; 0 for no writers
   */
  SteadyWriters(Load load, int perSecond) throws LoadFailedException, InterruptedException {
    this.load = load;
    this.perSecond = perSecond;
    if (perSecond > 0) {
      load.recover(PREFIX, ACTORS, SteadyWriters::change);
    }
  }

  private static FileEvent change(String persistenceId) {
    String path = persistenceId.substring(FileEntity.persistenceId("").length());
    return new FileEvent.Modified(path, "0000000", Instant.EPOCH, "a writer", true);
  }

  /** Does something while they write, and waits until all that they wrote is stored. */
  <T> T during(Callable<T> work) throws Exception {
    if (perSecond == 0) {
      return work.call();
    }
    AtomicBoolean goesOn = new AtomicBoolean(true);
    ExecutorService pace = Executors.newSingleThreadExecutor();
    try {
      Future<Load.Done> writing = pace.submit(() -> load.paced(perSecond, goesOn::get));
      T result;
      try {
        result = work.call();
      } finally {
        goesOn.set(false);
      }
      writing.get();
      return result;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    } finally {
      pace.shutdownNow();
    }
  }
}
