package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.jdbc.BatchSize;
import dev.kintsugi.runtime.internal.jdbc.SearchPath;
import dev.kintsugi.runtime.internal.schema.Places;
import dev.kintsugi.runtime.internal.schema.ReadModels;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Replays a page of history in each transaction, by calling the projection's handler. The page is
 * as large as takes about the target time.
 */
final class PagedReplay implements Replay {

  /** The transaction did nothing: what was read ahead is another owner's past. */
  static final RebuildStep OVERTAKEN =
      new RebuildStep.Done("goes on from where another owner got to");

  private final Ownership ownership;
  private final PageReader pages;
  private final HandlerTarget target;
  private final RebuildSettings settings;
  private final BatchSize batchSize;

  /** Of the last page that was stored: the next one may have been read ahead of these. */
  private ReplayRecords last;

  /** Where the last page that was stored here ended. */
  private long reached;

  PagedReplay(
      Ownership ownership, PageReader pages, HandlerTarget target, RebuildSettings settings) {
    this.ownership = ownership;
    this.pages = pages;
    this.target = target;
    this.settings = settings;
    this.last = noRecords();
    this.batchSize = new BatchSize(settings.batchSize(), settings.batchTime());
  }

  @Override
  public RebuildStep next(Applier applier, Rebuild rebuild) throws Exception {
    return next(applier, rebuild, OnThrow.ROLL_BACK);
  }

  /** As the other; with {@code SAVEPOINT} from the beginning, each event is applied by itself. */
  RebuildStep next(Applier applier, Rebuild rebuild, OnThrow onThrow) throws Exception {
    long begin = System.nanoTime();
    int size = ReplayPace.atMost(batchSize.get(), settings.rateOf(rebuild));
    ReplayPage page = pages.next(rebuild, rebuild.checkpoint(), size);
    if (page.isEmpty()) {
      return end(ownership, target.projection());
    }
    if (rebuild.checkpoint() != reached) {
      applier.forget(); // another owner went on: of its pages these handlers know nothing
    }
    RebuildStep step;
    try {
      step = apply(applier, page, onThrow);
    } catch (HandlerException e) {
      step = apply(applier, page, OnThrow.SAVEPOINT);
    }
    batchSize.took(page.looked(), Duration.ofNanos(System.nanoTime() - begin));
    return step;
  }

  /** Ends the replay: there is no further event up to R. Indexes are built now. */
  static RebuildStep end(Ownership ownership, Projection<?> projection) throws Exception {
    return ownership.inTransaction(
        (connection, rebuild) -> {
          if (rebuild.phase() != Phase.REPLAY) {
            return new RebuildStep.NotOurs("another owner ended the replay");
          }
          Generation row =
              Generations.find(connection, rebuild.projection(), rebuild.generation())
                  .orElseThrow();
          if (rebuild.beside()) {
            if (row.status() == Status.FOLLOWING) {
              Places.finish(
                  connection,
                  projection,
                  String.valueOf(row.place()),
                  Generations.find(connection, rebuild.projection()).map(Generation::place));
              return BesideSteps.follow(connection, rebuild);
            }
          } else if (!rebuild.takesOver()) {
            SearchPath.beginWith(connection, row.place());
            ReadModels.createIndexes(connection, projection);
          }
          if (rebuild.follows()) {
            return follow(connection, rebuild);
          }
          return Rebuilds.endReplay(connection, rebuild)
              ? new RebuildStep.Done("replayed history")
              : new RebuildStep.NotOurs("another owner moved the checkpoint");
        });
  }

  /** All up to R is final: the generation goes on from there by itself. */
  private static RebuildStep follow(Connection connection, Rebuild rebuild) throws SQLException {
    Cursors.put(connection, rebuild.projection(), rebuild.generation(), rebuild.replayTo());
    return Rebuilds.endReplayToFollow(connection, rebuild)
        ? new RebuildStep.Follows(rebuild.replayTo())
        : new RebuildStep.NotOurs("another owner moved the checkpoint");
  }

  private RebuildStep apply(Applier applier, ReplayPage page, OnThrow onThrow) throws Exception {
    ReplayRecords records = noRecords();
    RebuildStep step =
        ownership.inTransaction(
            applier,
            (connection, rebuild) -> {
              if (rebuild.phase() != Phase.REPLAY) {
                return new RebuildStep.NotOurs("another owner ended the replay");
              }
              if (rebuild.checkpoint() != page.after()) {
                return OVERTAKEN;
              }
              records.clear();
              return apply(connection, applier, rebuild, page, records, onThrow);
            });
    if (step == OVERTAKEN) {
      forget();
    } else if (step instanceof RebuildStep.Done) {
      reached = page.last();
      last = records;
    }
    return step;
  }

  private RebuildStep apply(
      Connection connection,
      Applier applier,
      Rebuild rebuild,
      ReplayPage page,
      ReplayRecords records,
      OnThrow onThrow)
      throws Exception {
    int replayed = 0;
    for (JournalEvent event : page.events()) {
      if (last.blocks(event.persistenceId()) || records.blocks(event.persistenceId())) {
        records.behind(event);
        continue;
      }
      try {
        if (applier.apply(connection, target, event, onThrow)) {
          replayed++;
        }
      } catch (HandlerException e) {
        if (e.policy().onAppend() == FailurePolicy.OnAppend.REJECT && !rebuild.takesOver()) {
          throw new ReplayStoppedException(e);
        }
        if (onThrow == OnThrow.ROLL_BACK) {
          throw e;
        }
        records.failed(event, e);
      }
    }
    records.behind(page, Long.MAX_VALUE);
    applier.finish(connection, target);
    records.write(connection);
    return Rebuilds.advance(connection, rebuild, page.last(), replayed)
        ? new RebuildStep.Done(
            "replayed up to ordering " + page.last(),
            replayed,
            new Replayed(replayed, records.failed(), records.behind()))
        : new RebuildStep.NotOurs("another owner moved the checkpoint");
  }

  private ReplayRecords noRecords() {
    return new ReplayRecords(target.projection().name(), target.generation());
  }

  /** Each page was stored with its checkpoint. */
  @Override
  public void store() {}

  @Override
  public void forget() {
    pages.forget();
    last = noRecords();
  }
}
