package dev.kintsugi.runtime.internal.query;

import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Streams of journal rows. Those in the journal's ordering read up to what is final: see {@link
 * FinalPages}. Those of one stream need no such proof, as its events are committed in sequence.
 *
 * <p>A stream fails when the database does; whoever runs it restarts it from its last offset.
 */
public final class JournalQueries {

  /** Longer than a wake-up is waited for beyond its time. */
  private static final Duration ASK_TIMEOUT = Duration.ofMinutes(1);

  /** Makes of rows what a query hands out. */
  @FunctionalInterface
  public interface ReadRows<T> {
    List<T> read(List<EventRow> rows);
  }

  /**
   * Where a query of one stream stands.
   *
   * @param next the sequence number to read from
   * @param caughtUp whether the last page was not full
   * @param pause how long to wait for a hint
   */
  private record StreamCursor(long next, boolean caughtUp, Duration pause) {
    StreamCursor later(QuerySettings settings) {
      return new StreamCursor(next, true, settings.longer(pause));
    }
  }

  private final ActorSystem<?> system;
  private final KintsugiNode node;
  private final QuerySettings settings;
  private final JournalPages pages;
  private final FinalPages inOrder;
  private final ActorRef<StreamWatch.Command> streamWatch;

  /**
   * Starts the actors that decide when to look.
   *
   * @param name unique in the actor system
   */
  public JournalQueries(
      ActorSystem<?> system, KintsugiNode node, QuerySettings settings, String name) {
    this.system = system;
    this.node = node;
    this.settings = settings;
    this.pages = new JournalPages(node.journal(), settings.batchSize());
    this.inOrder = new FinalPages(system, node, node.journal().orderings(), settings, name);
    this.streamWatch =
        system.systemActorOf(StreamWatch.create(), name + "-stream-watch", Props.empty());
    node.writeHints()
        .subscribe(
            streams -> {
              inOrder.written();
              streamWatch.tell(new StreamWatch.Written(streams));
            });
  }

  public JournalPages pages() {
    return pages;
  }

  /** In the journal's ordering. */
  public FinalPages inOrder() {
    return inOrder;
  }

  // In a stream's sequence

  /** A stream's events with from &lt;= sequence number &lt;= to, and those that come later. */
  public <T> Source<T, NotUsed> liveOfStream(
      String persistenceId, long from, long to, ReadRows<T> read) {
    return FinalPages.flat(
        Source.unfoldAsync(
            new StreamCursor(from, false, settings.pollMin()),
            cursor ->
                cursor.next() > to
                    ? CompletableFuture.completedStage(Optional.empty())
                    : next(persistenceId, cursor, to, read).thenApply(Optional::of)));
  }

  /** A stream's events with from &lt;= sequence number &lt;= to that are committed by now. */
  public <T> Source<T, NotUsed> currentOfStream(
      String persistenceId, long from, long to, ReadRows<T> read) {
    return FinalPages.flat(
        Source.unfoldAsync(
            new StreamCursor(from, false, settings.pollMin()),
            cursor ->
                cursor.next() > to || cursor.caughtUp()
                    ? CompletableFuture.completedStage(Optional.empty())
                    : readStream(persistenceId, cursor, to, read).thenApply(Optional::of)));
  }

  private <T> CompletionStage<Pair<StreamCursor, List<T>>> next(
      String persistenceId, StreamCursor cursor, long to, ReadRows<T> read) {
    if (!cursor.caughtUp()) {
      return readStream(persistenceId, cursor, to, read);
    }
    // Before the look, or what is written between the two would wake nobody.
    CompletionStage<Done> woken = wake(persistenceId, cursor.pause());
    return readStream(persistenceId, cursor, to, read)
        .thenCompose(
            page ->
                page.first().next() > cursor.next()
                    ? CompletableFuture.completedStage(page)
                    : woken.thenApply(done -> Pair.create(cursor.later(settings), List.of())));
  }

  private <T> CompletionStage<Pair<StreamCursor, List<T>>> readStream(
      String persistenceId, StreamCursor cursor, long to, ReadRows<T> read) {
    return node.inTransaction(
        connection -> {
          List<EventRow> rows = pages.ofStream(connection, persistenceId, cursor.next(), to);
          long next =
              rows.isEmpty() ? cursor.next() : rows.get(rows.size() - 1).sequenceNumber() + 1;
          boolean caughtUp = rows.size() < settings.batchSize();
          return Pair.create(new StreamCursor(next, caughtUp, settings.pollMin()), read.read(rows));
        });
  }

  private CompletionStage<Done> wake(String persistenceId, Duration atMost) {
    return AskPattern.ask(
        streamWatch,
        replyTo -> new StreamWatch.Watch(persistenceId, atMost, replyTo),
        atMost.plus(ASK_TIMEOUT),
        system.scheduler());
  }

  // Persistence ids

  /** Of all streams that have events when the source is started, in the database's order. */
  public Source<String, NotUsed> currentPersistenceIds(String after) {
    return FinalPages.flat(
        Source.unfoldAsync(
            Optional.of(after),
            last ->
                last.isEmpty()
                    ? CompletableFuture.completedStage(Optional.empty())
                    : node.inTransaction(connection -> pages.persistenceIds(connection, last.get()))
                        .thenApply(ids -> Optional.of(Pair.create(lastOf(ids), ids)))));
  }

  private Optional<String> lastOf(List<String> ids) {
    return ids.size() < settings.batchSize()
        ? Optional.empty()
        : Optional.of(ids.get(ids.size() - 1));
  }

  /**
   * Of all streams, each once: first those that are there, then new ones as they are first written
   * to. Remembers the ids that it has handed out.
   */
  public Source<String, NotUsed> persistenceIds() {
    return FinalPages.lazily(
            () ->
                node.inTransaction(node.journal()::maxOrdering)
                    .thenApply(
                        start ->
                            inOrder
                                .<String>provenUpTo(start)
                                .concatLazy(currentPersistenceIds(""))
                                .concatLazy(inOrder.live(start, pages::streamsWritten))))
        .statefulMapConcat(
            () -> {
              Set<String> known = new HashSet<>();
              return id -> known.add(id) ? List.of(id) : List.of();
            });
  }
}
