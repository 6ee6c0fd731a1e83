package dev.kintsugi.runtime.internal.rebuild;

import static dev.kintsugi.runtime.internal.jdbc.StatementResults.BY_INDEX;

import dev.kintsugi.projections.Subscription;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.StatementResults;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads the history of a replay page by page, the next one while the last is being applied, in
 * transactions of its own that take no id. Not thread-safe; what it reads ahead, it reads on
 * another thread.
 *
 * <p>After the first fence an event up to R is either visible history or has a skip record (DESIGN
 * 6): whoever sees the event sees its record, so the records are looked for after the events, in a
 * statement of its own. What is read ahead stays true until somebody adds records, and in a replay
 * only the replay's owner does. So a page that was read ahead is good for an owner who moved the
 * checkpoint to its beginning, and remembers which streams it recorded since the page before was
 * handed on; for any other it is not, and has to be {@link #forget forgotten}.
 *
 * <p>Where a read model is taken over, or built beside, records of whichever reason may hold
 * streams back: its follower made some.
 */
final class PageReader {

  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec;
  private final Subscription<?> subscription;
  private final Executor readers;
  private final String page;
  private @Nullable Ahead ahead;

  /**
   * A reader of the history that a projection subscribes to.
   *
   * @param readers runs what is read ahead, and may block
   */
  PageReader(
      Database database,
      EventJournal journal,
      EventCodec codec,
      Subscription<?> subscription,
      Executor readers) {
    this.database = database;
    this.journal = journal;
    this.codec = codec;
    this.subscription = subscription;
    this.readers = readers;
    String ordering = journal.column(EventJournal.Column.ORDERING);
    this.page =
        BY_INDEX
            + "SELECT %2$s FROM %3$s WHERE %1$s > ? AND %1$s <= ? AND NOT %4$s ORDER BY %1$s LIMIT ?"
                .formatted(
                    ordering,
                    journal.rowColumns(),
                    journal.table(),
                    journal.column(EventJournal.Column.DELETED));
  }

  private record Ahead(long after, FutureTask<ReplayPage> page) {}

  /**
   * The page behind an ordering, and begins to read the one after it.
   *
   * @param size how many events a page has at the most, from the next one read on
   */
  ReplayPage next(Rebuild rebuild, long after, int size) throws Exception {
    ReplayPage next =
        ahead != null && ahead.after() == after ? taken(ahead) : read(rebuild, after, size);
    ahead = null;
    if (!next.isEmpty() && next.last() < rebuild.replayTo()) {
      FutureTask<ReplayPage> task = new FutureTask<>(() -> read(rebuild, next.last(), size));
      ahead = new Ahead(next.last(), task);
      readers.execute(task);
    }
    return next;
  }

  /** Forgets what was read ahead. */
  void forget() {
    if (ahead != null) {
      ahead.page().cancel(false);
      ahead = null;
    }
  }

  /** If no other thread has begun to read it, this one does: it must not wait for itself. */
  private static ReplayPage taken(Ahead ahead) throws Exception {
    ahead.page().run();
    try {
      return ahead.page().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private ReplayPage read(Rebuild rebuild, long after, int size) throws Exception {
    return database.inTransaction(
        connection -> {
          List<EventRow> rows = readRows(connection, rebuild, after, size);
          if (rows.isEmpty()) {
            return new ReplayPage(after, after, 0, List.of(), List.of());
          }
          long last = rows.get(rows.size() - 1).ordering();
          SkipRecords.Recorded recorded =
              SkipRecords.recorded(
                  connection, rebuild.projection(), rebuild.generation(), after, last);
          Map<String, Long> open =
              recorded.anyHeldBack() || rebuild.takesOver() || rebuild.beside()
                  ? SkipRecords.first(
                      connection, rebuild.projection(), rebuild.generation(), streams(rows))
                  : Map.of();
          Map<Long, Set<String>> tags =
              subscription.isByTag() ? journal.tagsOf(connection, rows) : Map.of();
          List<JournalEvent> events = new ArrayList<>(rows.size());
          List<ReplayPage.Behind> behind = new ArrayList<>();
          for (EventRow row : rows) {
            Set<String> ofEvent = tags.getOrDefault(row.ordering(), Set.of());
            if (recorded.orderings().contains(row.ordering())
                || !subscription.includes(row.persistenceId(), ofEvent)) {
              continue;
            }
            if (open.getOrDefault(row.persistenceId(), Long.MAX_VALUE) < row.sequenceNumber()) {
              behind.add(
                  new ReplayPage.Behind(row.persistenceId(), row.sequenceNumber(), row.ordering()));
            } else {
              events.add(codec.decode(row, ofEvent));
            }
          }
          return new ReplayPage(after, last, rows.size(), events, behind);
        });
  }

  private static Set<String> streams(List<EventRow> rows) {
    return rows.stream().map(EventRow::persistenceId).collect(Collectors.toSet());
  }

  private List<EventRow> readRows(Connection connection, Rebuild rebuild, long after, int size)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(page)) {
      select.setLong(1, after);
      select.setLong(2, rebuild.replayTo());
      select.setInt(3, size);
      ResultSet row = StatementResults.byIndex(select);
      List<EventRow> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(EventJournal.read(row));
      }
      return rows;
    }
  }
}
