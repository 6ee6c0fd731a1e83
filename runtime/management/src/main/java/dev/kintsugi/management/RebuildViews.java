package dev.kintsugi.management;

import dev.kintsugi.runtime.status.BesideGeneration;
import dev.kintsugi.runtime.status.Comparison;
import dev.kintsugi.runtime.status.Rebuild;
import dev.kintsugi.runtime.status.RowChange;
import dev.kintsugi.runtime.status.TableChange;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is answered about rebuilds, as {@code openapi.json} has it. */
final class RebuildViews {

  private RebuildViews() {}

  record RebuildView(
      String projection,
      int generation,
      String requestedBy,
      String reason,
      String phase,
      double progress,
      long replayed,
      @Nullable Long eventsToReplay,
      @Nullable Long eventsDeleted,
      long drained,
      double eventsPerSecond,
      Optional<Double> secondsLeft,
      @Nullable Integer maxEventsPerSecond,
      Instant requestedAt,
      @Nullable Instant replayAt,
      @Nullable Instant drainAt,
      @Nullable Instant settleAt,
      @Nullable Instant stoppedAt,
      @Nullable String stoppedBy,
      boolean takesOver,
      @Nullable Instant blockedAt,
      @Nullable Instant endedAt,
      Instant readAt,
      @Nullable String lastError,
      boolean beside,
      @Nullable Integer version,
      @Nullable Instant comparedAt,
      @Nullable String heldFor,
      @Nullable Instant approvedAt,
      @Nullable String approvedBy,
      @Nullable Instant swappedAt,
      @Nullable Instant undoneAt,
      @Nullable Instant keptUntil) {
    static RebuildView of(Rebuild rebuild) {
      return new RebuildView(
          rebuild.projection(),
          rebuild.generation(),
          rebuild.requestedBy(),
          rebuild.reason(),
          JsonViews.lower(rebuild.phase()),
          rebuild.progress(),
          rebuild.replayed(),
          rebuild.eventsToReplay(),
          rebuild.eventsDeleted(),
          rebuild.drained(),
          rebuild.eventsPerSecond(),
          JsonViews.seconds(rebuild.replayLeft()),
          rebuild.maxRate(),
          rebuild.requestedAt(),
          rebuild.replayAt(),
          rebuild.drainAt(),
          rebuild.settleAt(),
          rebuild.stoppedAt(),
          rebuild.stoppedBy(),
          rebuild.takesOver(),
          rebuild.blockedAt(),
          rebuild.endedAt(),
          rebuild.readAt(),
          rebuild.lastError(),
          rebuild.beside(),
          rebuild.version(),
          rebuild.comparedAt(),
          rebuild.heldFor(),
          rebuild.approvedAt(),
          rebuild.approvedBy(),
          rebuild.swappedAt(),
          rebuild.undoneAt(),
          rebuild.keptUntil());
    }
  }

  record Rebuilds(List<RebuildView> rebuilds) {}

  record RebuildAccepted(String projection, int generation, String message) {}

  record BesideView(
      int generation,
      int version,
      String status,
      @Nullable String place,
      Optional<String> phase,
      boolean kept,
      Optional<Instant> keptUntil,
      long open,
      long parked,
      Optional<Long> lag) {
    static BesideView of(BesideGeneration beside) {
      return new BesideView(
          beside.generation().generation(),
          beside.generation().version(),
          JsonViews.lower(beside.generation().status()),
          beside.generation().place(),
          beside.rebuild().map(rebuild -> JsonViews.lower(rebuild.phase())),
          beside.isKept(),
          beside.rebuild().filter(rebuild -> beside.isKept()).map(Rebuild::keptUntil),
          beside.skips().open(),
          beside.skips().parked(),
          beside.lag());
    }
  }

  record RowChangeView(String key, Optional<String> older, Optional<String> newer) {
    static RowChangeView of(RowChange row) {
      return new RowChangeView(row.key(), row.older(), row.newer());
    }
  }

  record TableChangeView(
      String table,
      boolean same,
      boolean byKey,
      long equal,
      long differing,
      long onlyOlder,
      long onlyNewer,
      Map<String, Long> differingByColumn,
      List<String> columnsOnlyOlder,
      List<String> columnsOnlyNewer,
      boolean tableOnlyOlder,
      boolean tableOnlyNewer,
      List<RowChangeView> examples) {
    static TableChangeView of(TableChange table) {
      return new TableChangeView(
          table.table(),
          table.isSame(),
          table.isByKey(),
          table.equal(),
          table.differing(),
          table.onlyOlder(),
          table.onlyNewer(),
          table.differingByColumn(),
          table.columnsOnlyOlder(),
          table.columnsOnlyNewer(),
          table.isOnlyOlder(),
          table.isOnlyNewer(),
          table.examples().stream().map(RowChangeView::of).toList());
    }
  }

  record ComparisonView(
      String projection, int generation, boolean same, List<TableChangeView> tables) {
    static ComparisonView of(String projection, int generation, Comparison comparison) {
      return new ComparisonView(
          projection,
          generation,
          comparison.isSame(),
          comparison.tables().stream().map(TableChangeView::of).toList());
    }
  }
}
