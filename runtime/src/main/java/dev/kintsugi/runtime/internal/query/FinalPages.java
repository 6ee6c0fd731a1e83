package dev.kintsugi.runtime.internal.query;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.japi.function.Creator;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.Sequence;
import org.apache.pekko.stream.OverflowStrategy;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Streams of a table's rows in the order of their numbers, a page at a time. They read up to what
 * is final (DESIGN 4), and then wait for more of it, or end: a current query ends with all that was
 * committed when it was started. So a row that commits late is never passed over.
 *
 * <p>Each page is read in a transaction of its own, on a thread that may block, and only when there
 * is demand: one page is read ahead. A stream fails when the database does; whoever runs it
 * restarts it from its last offset. Threads may share this.
 */
public final class FinalPages {

  /** Longer than a question is left waiting, and a connection is waited for. */
  private static final Duration ASK_TIMEOUT = Duration.ofMinutes(1);

  /** Reads the next page behind a position, up to a final number. */
  @FunctionalInterface
  public interface ReadPage<T> {
    Page<T> read(Connection connection, long after, long upTo) throws SQLException;
  }

  /**
   * A page in the order of the numbers.
   *
   * @param position all up to here has been looked at; it may lie behind the last element
   */
  public record Page<T>(List<T> elements, long position) {

    /** The same page with other elements. */
    public <U> Page<U> map(Function<List<T>, List<U>> each) {
      return new Page<>(each.apply(elements), position);
    }
  }

  /** Where a query stands: behind what, and what is known to be final. */
  private record Cursor(long position, long finalOrdering) {}

  private final ActorSystem<?> system;
  private final KintsugiNode node;
  private final NumberedTable table;
  private final ActorRef<FinalOrderingActor.Command> finalOrdering;

  /**
   * Starts the actor that decides when to look. No database is needed before the first query.
   *
   * @param name unique in the actor system
   */
  public FinalPages(
      ActorSystem<?> system,
      KintsugiNode node,
      NumberedTable table,
      QuerySettings settings,
      String name) {
    this.system = system;
    this.node = node;
    this.table = table;
    this.finalOrdering =
        system.systemActorOf(
            FinalOrderingActor.create(node, table, settings),
            name + "-final-ordering",
            Props.empty());
  }

  /** Hints that this node has committed something, so that live queries look at once. */
  public void written() {
    finalOrdering.tell(new FinalOrderingActor.Written());
  }

  /**
   * Behind what number a query begins.
   *
   * @throws IllegalArgumentException if the offset is neither NoOffset nor a Sequence
   */
  public long position(Offset offset) {
    if (offset instanceof Sequence sequence) {
      return sequence.value();
    }
    if (offset.equals(Offset.noOffset())) {
      return 0;
    }
    throw new IllegalArgumentException(
        "the offset of a query of %s is NoOffset or a Sequence, which is one of its %ss, and not %s"
            .formatted(table.name(), table.number(), offset));
  }

  /** All pages behind a position, and what comes later as it becomes final. */
  public <T> Source<T, NotUsed> live(long after, ReadPage<T> read) {
    return flat(pages(after, Long.MAX_VALUE, read));
  }

  /** All behind a position, up to what is committed when the stream is started. */
  public <T> Source<T, NotUsed> current(long after, ReadPage<T> read) {
    return lazily(
        () -> node.inTransaction(table::highest).thenApply(end -> flat(pages(after, end, read))));
  }

  /** Nothing, and ends once all up to a number that was seen is final. */
  <T> Source<T, NotUsed> provenUpTo(long seen) {
    return flat(pages(0, seen, (connection, after, upTo) -> new Page<>(List.of(), upTo)));
  }

  private <T> Source<List<T>, NotUsed> pages(long after, long end, ReadPage<T> read) {
    return Source.unfoldAsync(
        new Cursor(after, after),
        cursor ->
            cursor.position() >= end
                ? CompletableFuture.completedStage(Optional.empty())
                : next(cursor, end, read).thenApply(Optional::of));
  }

  private <T> CompletionStage<Pair<Cursor, List<T>>> next(
      Cursor cursor, long end, ReadPage<T> read) {
    if (cursor.position() >= cursor.finalOrdering()) {
      return finalAbove(cursor.position(), end == Long.MAX_VALUE ? 0 : end)
          .thenApply(known -> Pair.create(new Cursor(cursor.position(), known), List.of()));
    }
    long upTo = Math.min(cursor.finalOrdering(), end);
    return node.inTransaction(connection -> read.read(connection, cursor.position(), upTo))
        .thenApply(
            page ->
                Pair.create(new Cursor(page.position(), cursor.finalOrdering()), page.elements()));
  }

  /** What is final by now; above this position, or else after a while. */
  private CompletionStage<Long> finalAbove(long position, long seen) {
    return AskPattern.askWithStatus(
        finalOrdering,
        replyTo -> new FinalOrderingActor.AwaitAbove(position, seen, replyTo),
        ASK_TIMEOUT,
        system.scheduler());
  }

  // Sources

  static <T> Source<T, NotUsed> lazily(Creator<CompletionStage<Source<T, NotUsed>>> source) {
    return failingPlainly(
        Source.lazyCompletionStageSource(source)
            .mapMaterializedValue(ready -> NotUsed.getInstance()));
  }

  /** The elements of pages, of which the next is read while one is consumed. */
  static <T> Source<T, NotUsed> flat(Source<List<T>, NotUsed> pages) {
    return failingPlainly(pages.buffer(1, OverflowStrategy.backpressure()).mapConcat(page -> page));
  }

  /** A stage wraps what it failed with, and a stream is to fail with that itself. */
  private static <T> Source<T, NotUsed> failingPlainly(Source<T, NotUsed> source) {
    return source.mapError(
        CompletionException.class,
        wrapper -> wrapper.getCause() == null ? wrapper : wrapper.getCause());
  }
}
