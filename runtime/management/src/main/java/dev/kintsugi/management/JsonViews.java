package dev.kintsugi.management;

import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.skip.EventView;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipDetails;
import dev.kintsugi.runtime.skip.SkipPage;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.skip.SkipSummary;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.FenceHolder;
import dev.kintsugi.runtime.status.Following;
import dev.kintsugi.runtime.status.NodeTotals;
import dev.kintsugi.runtime.status.Operation;
import dev.kintsugi.runtime.status.Overview;
import dev.kintsugi.runtime.status.ProjectionCounts;
import dev.kintsugi.runtime.status.ProjectionStatus;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.Retirement;
import dev.kintsugi.runtime.status.Unhandled;
import dev.kintsugi.runtime.status.WaitingDeletions;
import dev.kintsugi.runtime.verify.RowDifference;
import dev.kintsugi.runtime.verify.TableDifference;
import dev.kintsugi.runtime.verify.VerificationRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What is answered, as {@code openapi.json} has it. */
final class JsonViews {

  private JsonViews() {}

  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  static Optional<Double> seconds(Optional<Duration> duration) {
    return duration.map(time -> time.toMillis() / 1000.0);
  }

  record Rates(
      int nodes,
      long appended,
      long applied,
      Map<SkipReason, Long> recorded,
      long recovered,
      long replayed) {
    static Rates of(ClusterTotals all) {
      NodeTotals totals = all.totals();
      return new Rates(
          all.nodes(),
          totals.appended(),
          totals.applied(),
          totals.recorded(),
          totals.recovered(),
          totals.replayed());
    }
  }

  record Projections(
      Instant at,
      String node,
      boolean readOnly,
      Rates rates,
      WaitingDeletions waitingDeletions,
      List<ProjectionSummary> projections) {}

  record ProjectionSummary(
      String name,
      int version,
      int generation,
      String status,
      boolean paused,
      Optional<String> node,
      Optional<String> phase,
      boolean stopped,
      Optional<String> blocked,
      Optional<Integer> newGeneration,
      Optional<String> heldFor,
      Optional<String> unhandled,
      double progress,
      long open,
      long parked,
      Map<SkipReason, Long> byReason,
      Optional<Double> oldestSeconds,
      Optional<FollowingView> following) {
    static ProjectionSummary of(Overview.Summary summary, Optional<String> node) {
      SkipSummary skips = summary.skips();
      return new ProjectionSummary(
          summary.generation().projection(),
          summary.generation().version(),
          summary.generation().generation(),
          lower(summary.generation().status()),
          summary.generation().paused(),
          node,
          summary.rebuild().map(rebuild -> lower(rebuild.phase())),
          summary
              .rebuild()
              .filter(rebuild -> !rebuild.isDone())
              .filter(Rebuild::isStopped)
              .isPresent(),
          summary.rebuild().flatMap(Rebuild::blockedBy),
          summary
              .rebuild()
              .filter(rebuild -> rebuild.beside() && !rebuild.isDone())
              .map(Rebuild::generation),
          summary.rebuild().filter(Rebuild::isHeld).map(Rebuild::heldFor),
          summary.unhandled().map(Unhandled::message),
          summary.rebuild().map(Rebuild::progress).orElse(1.0),
          skips.open(),
          skips.parked(),
          skips.byReason(),
          seconds(skips.oldest()),
          summary.following().map(FollowingView::of));
    }
  }

  record FollowingView(long position, long lag, double behindSeconds, Optional<String> problem) {
    static FollowingView of(Following following) {
      return new FollowingView(
          following.position(),
          following.lag(),
          following.behind().toMillis() / 1000.0,
          following.problem());
    }
  }

  record HolderView(
      String who,
      String application,
      String user,
      String database,
      String state,
      @Nullable Instant since,
      @Nullable Instant queryStart) {
    static HolderView of(FenceHolder holder) {
      return new HolderView(
          holder.who(),
          holder.application(),
          holder.user(),
          holder.database(),
          holder.state(),
          holder.since(),
          holder.queryStart());
    }
  }

  record FenceView(String xid, @Nullable Instant takenAt, List<HolderView> waitsFor) {
    static Optional<FenceView> of(ProjectionStatus status) {
      return status
          .rebuild()
          .filter(rebuild -> rebuild.phase().isWaiting())
          .filter(rebuild -> !rebuild.isStopped())
          .filter(rebuild -> rebuild.fence() != null)
          .map(
              rebuild ->
                  new FenceView(
                      rebuild.fence() == null ? "" : Long.toString(rebuild.fence()),
                      rebuild.fenceAt(),
                      status.waitsFor().stream().map(HolderView::of).toList()));
    }
  }

  record RetirementView(
      String projection,
      int generation,
      String requestedBy,
      String reason,
      boolean dropsTables,
      Instant requestedAt,
      @Nullable Instant endedAt,
      @Nullable String lastError) {
    static RetirementView of(Retirement retirement) {
      return new RetirementView(
          retirement.projection(),
          retirement.generation(),
          retirement.requestedBy(),
          retirement.reason(),
          retirement.dropsTables(),
          retirement.requestedAt(),
          retirement.endedAt(),
          retirement.lastError());
    }
  }

  record OperationView(
      long id,
      Operation.Kind kind,
      String requestedBy,
      String reason,
      String about,
      long records,
      Instant at) {
    static OperationView of(Operation operation) {
      return new OperationView(
          operation.id(),
          operation.kind(),
          operation.requestedBy(),
          operation.reason(),
          operation.about(),
          operation.records(),
          operation.at());
    }
  }

  record Operations(List<OperationView> operations) {}

  record RowDifferenceView(String key, Optional<String> expected, Optional<String> actual) {
    static RowDifferenceView of(RowDifference row) {
      return new RowDifferenceView(row.key(), row.expected(), row.actual());
    }
  }

  record TableDifferenceView(
      String table,
      boolean exists,
      long rows,
      long missing,
      long surplus,
      boolean conclusive,
      List<String> notCompared,
      Optional<List<RowDifferenceView>> examples) {
    static TableDifferenceView of(TableDifference table, boolean withExamples) {
      return new TableDifferenceView(
          table.table(),
          table.exists(),
          table.rows(),
          table.missing(),
          table.surplus(),
          table.conclusive(),
          table.notCompared(),
          withExamples
              ? Optional.of(table.examples().stream().map(RowDifferenceView::of).toList())
              : Optional.empty());
    }
  }

  record VerificationView(
      int id,
      String projection,
      int generation,
      String requestedBy,
      String reason,
      String node,
      String state,
      double progress,
      @Nullable Long upTo,
      long events,
      long open,
      long discarded,
      @Nullable String detail,
      List<TableDifferenceView> tables,
      Instant requestedAt,
      @Nullable Instant startedAt,
      @Nullable Instant endedAt,
      Instant readAt) {

    /** In a list: what differs is counted, and not shown. */
    static VerificationView inList(VerificationRun run) {
      return of(run, false);
    }

    static VerificationView inFull(VerificationRun run) {
      return of(run, true);
    }

    private static VerificationView of(VerificationRun run, boolean withExamples) {
      return new VerificationView(
          run.id(),
          run.projection(),
          run.generation(),
          run.requestedBy(),
          run.reason(),
          run.node(),
          lower(run.state()),
          run.progress(),
          run.upTo(),
          run.events(),
          run.open(),
          run.discarded(),
          run.detail(),
          run.tables().stream().map(table -> TableDifferenceView.of(table, withExamples)).toList(),
          run.requestedAt(),
          run.startedAt(),
          run.endedAt(),
          run.readAt());
    }
  }

  record Verifications(List<VerificationView> verifications) {}

  record VerificationAccepted(String projection, int id, String message) {}

  record Projection(
      String name,
      int version,
      int generation,
      boolean serving,
      @Nullable String place,
      String status,
      boolean paused,
      Optional<OperationView> pause,
      Optional<String> node,
      Optional<RebuildViews.RebuildView> rebuild,
      Optional<FenceView> fence,
      long open,
      long parked,
      Map<SkipReason, Long> byReason,
      Optional<Double> oldestSeconds,
      Optional<String> unhandled,
      WaitingDeletions waitingDeletions,
      Optional<FollowingView> following,
      List<RebuildViews.BesideView> beside,
      CountsView counts) {
    static Projection of(ProjectionStatus status, Optional<String> node, ClusterTotals totals) {
      String name = status.generation().projection();
      return new Projection(
          name,
          status.generation().version(),
          status.generation().generation(),
          status.generation().serving(),
          status.generation().place(),
          lower(status.generation().status()),
          status.generation().paused(),
          status.pause().map(OperationView::of),
          node,
          status.rebuild().map(RebuildViews.RebuildView::of),
          FenceView.of(status),
          status.openRecords(),
          status.parkedRecords(),
          status.skips().byReason(),
          seconds(status.skips().oldest()),
          status.unhandled().map(Unhandled::message),
          status.waitingDeletions(),
          status.following().map(FollowingView::of),
          status.beside().stream().map(RebuildViews.BesideView::of).toList(),
          CountsView.of(totals, name));
    }
  }

  record CountsView(
      int nodes, long applied, long recorded, long recovered, double recoveredPerSecond) {
    static CountsView of(ClusterTotals totals, String projection) {
      ProjectionCounts counts =
          totals.projections().getOrDefault(projection, new ProjectionCounts(0, 0, 0, 0));
      return new CountsView(
          totals.nodes(),
          counts.appliedInline(),
          counts.recorded(),
          counts.recovered(),
          counts.recoveredPerSecond());
    }
  }

  record SkipView(
      String id,
      String projection,
      String persistenceId,
      long sequenceNumber,
      SkipReason reason,
      Instant recordedAt,
      int attempts,
      Optional<Instant> firstFailedAt,
      Optional<Instant> nextAttemptAt,
      Optional<Instant> parkedAt,
      String error,
      String revision) {
    static SkipView of(OpenSkip skip) {
      return new SkipView(
          skip.id().toString(),
          skip.projection(),
          skip.persistenceId(),
          skip.sequenceNumber(),
          skip.reason(),
          skip.recordedAt(),
          skip.attempts(),
          skip.firstFailedAt(),
          skip.nextAttemptAt(),
          skip.parkedAt(),
          skip.error(),
          revision(skip));
    }

    /** As an ETag has it. */
    static String revision(OpenSkip skip) {
      return '"' + skip.revision() + '"';
    }

    /** A revision, of an ETag; any other text stays as it is, and is no record's. */
    static String unquoted(String tag) {
      return tag.length() > 1 && tag.startsWith("\"") && tag.endsWith("\"")
          ? tag.substring(1, tag.length() - 1)
          : tag + " without quotes";
    }
  }

  record Skips(int generation, List<SkipView> skips, OptionalLong next) {
    static Skips of(SkipPage page) {
      return new Skips(
          page.generation(), page.records().stream().map(SkipView::of).toList(), page.next());
    }
  }

  record SkipDetailsView(
      SkipView skip, Optional<Event> event, Optional<String> error, long behind) {
    static SkipDetailsView of(SkipDetails details) {
      return new SkipDetailsView(
          SkipView.of(details.record()),
          details.event().map(Event::of),
          details.error(),
          details.behind());
    }
  }

  record Event(
      long ordering,
      String persistenceId,
      long sequenceNumber,
      Instant writtenAt,
      int serializerId,
      String manifest,
      String type,
      String json,
      String problem,
      int bytes) {
    static Event of(EventView event) {
      return new Event(
          event.ordering(),
          event.persistenceId(),
          event.sequenceNumber(),
          event.writtenAt(),
          event.serializerId(),
          event.manifest(),
          event.type(),
          event.json(),
          event.problem(),
          event.bytes());
    }
  }

  record Done(String message) {}

  record PauseDone(boolean paused, boolean changed, String message) {}

  record SkipsDone(
      boolean dryRun,
      long matched,
      long changed,
      long passedOver,
      Map<SkipReason, Long> byReason,
      List<SkipView> some,
      String message) {
    static SkipsDone of(SkipsAnswer answer) {
      return new SkipsDone(
          answer.dryRun(),
          answer.matched(),
          answer.changed(),
          answer.passedOver(),
          answer.byReason(),
          answer.some().stream().map(SkipView::of).toList(),
          answer.message());
    }
  }
}
