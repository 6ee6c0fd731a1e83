package dev.kintsugi.runtime.rebuild;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.event.JournalEvent;
import dev.kintsugi.runtime.handler.Applier;
import dev.kintsugi.runtime.handler.Applier.OnThrow;
import dev.kintsugi.runtime.handler.HandlerException;
import dev.kintsugi.runtime.handler.Target;
import dev.kintsugi.runtime.jdbc.BatchSize;
import dev.kintsugi.runtime.schema.ReadModels;
import dev.kintsugi.runtime.state.Phase;
import dev.kintsugi.runtime.state.Rebuild;
import dev.kintsugi.runtime.state.Rebuilds;
import java.sql.Connection;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Replays a page of history in each transaction, by calling the projection's handler. The page is
 * as large as takes about the target time.
 */
final class PagedReplay implements Replay {

  /** The transaction did nothing: what was read ahead is another owner's past. */
  static final Step OVERTAKEN = new Step.Done("goes on from where another owner got to");

  private final Ownership ownership;
  private final PageReader pages;
  private final ReplayFailures failures;
  private final Target target;
  private final RebuildSettings settings;
  private final BatchSize batchSize;

  /** Streams that were recorded since a page was read ahead: of these it may hold too much. */
  private final Set<String> blocked = new HashSet<>();

  /** Where the last page that was stored here ended. */
  private long reached;

  PagedReplay(
      Ownership ownership,
      PageReader pages,
      ReplayFailures failures,
      Target target,
      RebuildSettings settings) {
    this.ownership = ownership;
    this.pages = pages;
    this.failures = failures;
    this.target = target;
    this.settings = settings;
    this.batchSize = new BatchSize(settings.batchSize(), settings.batchTime());
  }

  @Override
  public Step next(Applier applier, Rebuild rebuild) throws Exception {
    return next(applier, rebuild, OnThrow.ROLL_BACK);
  }

  /** As the other; with {@code SAVEPOINT} from the beginning, each event is applied by itself. */
  Step next(Applier applier, Rebuild rebuild, OnThrow onThrow) throws Exception {
    long begin = System.nanoTime();
    int size = Pace.atMost(batchSize.get(), settings.rateOf(rebuild));
    Page page = pages.next(rebuild, rebuild.checkpoint(), size);
    if (page.isEmpty()) {
      return end(ownership, target.projection());
    }
    if (rebuild.checkpoint() != reached) {
      applier.forget(); // another owner went on: of its pages these handlers know nothing
    }
    Step step;
    try {
      step = apply(applier, page, onThrow);
    } catch (HandlerException e) {
      step = apply(applier, page, OnThrow.SAVEPOINT);
    }
    batchSize.took(page.looked(), Duration.ofNanos(System.nanoTime() - begin));
    return step;
  }

  /** Ends the replay: there is no further event up to R. Indexes are built now. */
  static Step end(Ownership ownership, Projection<?> projection) throws Exception {
    return ownership.inTransaction(
        (connection, rebuild) -> {
          if (rebuild.phase() != Phase.REPLAY) {
            return new Step.NotOurs("another owner ended the replay");
          }
          ReadModels.createIndexes(connection, projection);
          return Rebuilds.endReplay(connection, rebuild)
              ? new Step.Done("replayed history")
              : new Step.NotOurs("another owner moved the checkpoint");
        });
  }

  private Step apply(Applier applier, Page page, OnThrow onThrow) throws Exception {
    Set<String> failed = new HashSet<>();
    Step step =
        ownership.inTransaction(
            applier,
            (connection, rebuild) -> {
              if (rebuild.phase() != Phase.REPLAY) {
                return new Step.NotOurs("another owner ended the replay");
              }
              if (rebuild.checkpoint() != page.after()) {
                return OVERTAKEN;
              }
              failed.clear();
              return apply(connection, applier, rebuild, page, failed, onThrow);
            });
    if (step == OVERTAKEN) {
      forget();
    } else if (step instanceof Step.Done) {
      reached = page.last();
    }
    blocked.addAll(failed);
    return step;
  }

  private Step apply(
      Connection connection,
      Applier applier,
      Rebuild rebuild,
      Page page,
      Set<String> failed,
      OnThrow onThrow)
      throws Exception {
    int replayed = 0;
    int behind = 0;
    for (JournalEvent event : page.events()) {
      if (blocked.contains(event.persistenceId()) || failed.contains(event.persistenceId())) {
        continue;
      }
      try {
        if (applier.apply(connection, target, event, onThrow)) {
          replayed++;
        }
      } catch (HandlerException e) {
        if (e.policy().onAppend() == FailurePolicy.OnAppend.REJECT) {
          throw new ReplayStoppedException(e);
        }
        if (onThrow == OnThrow.ROLL_BACK) {
          throw e;
        }
        behind += failures.record(connection, rebuild, event, e);
        failed.add(event.persistenceId());
      }
    }
    applier.finish(connection, target);
    return Rebuilds.advance(connection, rebuild, page.last(), replayed)
        ? new Step.Done(
            "replayed up to ordering " + page.last(),
            replayed,
            new Replayed(replayed, failed.size(), behind))
        : new Step.NotOurs("another owner moved the checkpoint");
  }

  /** Each page was stored with its checkpoint. */
  @Override
  public void store() {}

  @Override
  public void forget() {
    pages.forget();
    blocked.clear();
  }
}
