package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.internal.handler.Gatherer;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays history for a handler that gathers: what many pages come to stays in memory, and is
 * written in one transaction, together with the checkpoint. That is a window; it ends when memory
 * is full, or after a while, so that a crash costs no more work than that.
 *
 * <p>Where the database refuses what a window came to, some event in it is at fault, and nobody
 * knows which. The window is thrown away, and its events are replayed one by one.
 */
final class BulkReplay implements Replay {

  private static final Logger log = LoggerFactory.getLogger(BulkReplay.class);

  private final Ownership ownership;
  private final Database database;
  private final PageReader pages;
  private final PagedReplay oneByOne;
  private final HandlerTarget target;
  private final Projection<?> projection;
  private final int generation;
  private final RebuildSettings settings;

  /** Up to here one of the events is at fault that only {@link #oneByOne} finds. */
  private long suspectUpTo;

  private @Nullable Window window;
  private boolean spilled;

  BulkReplay(
      Ownership ownership,
      Database database,
      PageReader pages,
      HandlerTarget target,
      RebuildSettings settings) {
    this.ownership = ownership;
    this.database = database;
    this.pages = pages;
    this.oneByOne = new PagedReplay(ownership, pages, target, settings);
    this.target = target;
    this.projection = target.projection();
    this.generation = target.generation();
    this.settings = settings;
  }

  /** What was gathered and is not written yet, and the memory that outlives it. */
  private static final class Window {
    private final Gatherer<?> gatherer;

    private final ReplayRecords records;
    private long from;
    private long to;
    private int replayed;
    private long begun;

    Window(Gatherer<?> gatherer, ReplayRecords records, long checkpoint) {
      this.gatherer = gatherer;
      this.records = records;
      beginAt(checkpoint);
    }

    void beginAt(long checkpoint) {
      from = checkpoint;
      to = checkpoint;
      replayed = 0;
      records.clear();
      begun = System.nanoTime();
    }

    boolean isEmpty() {
      return from == to;
    }

    long bytes() {
      return gatherer.bytes() + records.bytes();
    }
  }

  @Override
  public RebuildStep next(Applier applier, Rebuild rebuild) throws Exception {
    if (rebuild.checkpoint() < suspectUpTo) {
      return oneByOne.next(applier, rebuild, OnThrow.SAVEPOINT);
    }
    Window gathered = window;
    if (gathered == null || gathered.from != rebuild.checkpoint()) {
      gathered = begin(rebuild);
      window = gathered;
    }
    if (isFull(gathered)) {
      return write(gathered);
    }
    int size = ReplayPace.atMost(settings.batchSize(), settings.rateOf(rebuild));
    ReplayPage page = pages.next(rebuild, gathered.to, size);
    if (!page.isEmpty()) {
      return take(gathered, page);
    }
    return gathered.isEmpty() ? PagedReplay.end(ownership, projection) : write(gathered);
  }

  private boolean isFull(Window gathered) {
    boolean isOld = System.nanoTime() - gathered.begun > settings.windowTime().toNanos();
    return !gathered.isEmpty()
        && (isOld || gathered.bytes() > settings.memory() || gathered.records.areMany());
  }

  /**
   * Events that were read ahead may have records by now: another owner's window came to the
   * checkpoint, or the replay one by one did.
   */
  private Window begin(Rebuild rebuild) {
    pages.forget();
    boolean isEmpty = rebuild.checkpoint() == 0;
    return new Window(
        Gatherer.of(target, isEmpty),
        new ReplayRecords(projection.name(), generation),
        rebuild.checkpoint());
  }

  private RebuildStep take(Window gathered, ReplayPage page) throws Exception {
    gathered.gatherer.prepare(database, page.events());
    int before = gathered.replayed;
    for (JournalEvent event : page.events()) {
      if (gathered.records.blocks(event.persistenceId())) {
        gathered.records.behind(event);
        continue;
      }
      try {
        if (gathered.gatherer.gather(event)) {
          gathered.replayed++;
        }
      } catch (HandlerException e) {
        if (e.policy().onAppend() == FailurePolicy.OnAppend.REJECT) {
          return stopBefore(gathered, page, event, e);
        }
        gathered.records.failed(event, e);
      }
    }
    gathered.records.behind(page, Long.MAX_VALUE);
    gathered.to = page.last();
    return new RebuildStep.Done(
        "gathered up to ordering " + gathered.to, gathered.replayed - before);
  }

  /** What comes before the event is written first; then the replay stops right at it. */
  private RebuildStep stopBefore(
      Window gathered, ReplayPage page, JournalEvent event, HandlerException error)
      throws Exception {
    gathered.records.behind(page, event.ordering());
    if (gathered.replayed == 0 && gathered.records.isEmpty()) {
      throw new ReplayStoppedException(error);
    }
    pages.forget();
    gathered.to = event.ordering() - 1;
    return write(gathered);
  }

  private RebuildStep write(Window gathered) throws Exception {
    RebuildStep step;
    try {
      step =
          ownership.inTransaction(
              (connection, rebuild) -> {
                if (rebuild.phase() != Phase.REPLAY) {
                  return new RebuildStep.NotOurs("another owner ended the replay");
                }
                if (rebuild.checkpoint() != gathered.from) {
                  return PagedReplay.OVERTAKEN;
                }
                gathered.gatherer.write(connection);
                gathered.records.write(connection);
                return Rebuilds.advance(connection, rebuild, gathered.to, gathered.replayed)
                    ? new RebuildStep.Done(
                        "wrote what was gathered up to ordering " + gathered.to,
                        0,
                        new Replayed(
                            gathered.replayed,
                            gathered.records.failed(),
                            gathered.records.behind()))
                    : new RebuildStep.NotOurs("another owner moved the checkpoint");
              });
    } catch (Exception e) {
      if (!Gatherer.isEventAtFault(e)) {
        throw e;
      }
      log.warn(
          "Rebuild of projection '{}': what the events of orderings {} to {} came to can't be written;"
              + " they are replayed one by one, to find the one at fault",
          projection.name(),
          gathered.from + 1,
          gathered.to,
          e);
      suspectUpTo = gathered.to;
      forget();
      return new RebuildStep.Done("looks for an event at fault up to ordering " + suspectUpTo);
    }
    if (step == PagedReplay.OVERTAKEN) {
      forget();
    } else if (step instanceof RebuildStep.Done) {
      gathered.gatherer.written();
      if (!gathered.records.isEmpty()) {
        pages.forget(); // what was read ahead knows nothing of these records
      }
      gathered.beginAt(gathered.to);
      spillIfFull(gathered);
    }
    return step;
  }

  private void spillIfFull(Window gathered) {
    long bytes = gathered.gatherer.bytes();
    if (bytes <= settings.memory()) {
      return;
    }
    gathered.gatherer.forgetWritten();
    String message =
        "Rebuild of projection '{}' spills at ordering {}: what it has in memory is about {} MiB, more"
            + " than kintsugi.rebuild.memory allows ({} MiB). It is in its table now, and is read again"
            + " when an event needs it; with more memory this rebuild would be faster.";
    Object[] figures = {projection.name(), gathered.to, bytes >> 20, settings.memory() >> 20};
    if (spilled) {
      log.debug(message, figures);
    } else {
      log.info(message, figures);
      spilled = true;
    }
  }

  @Override
  public void store() throws Exception {
    Window gathered = window;
    if (gathered != null && !gathered.isEmpty()) {
      write(gathered);
    }
  }

  @Override
  public void forget() {
    window = null;
    oneByOne.forget();
  }
}
