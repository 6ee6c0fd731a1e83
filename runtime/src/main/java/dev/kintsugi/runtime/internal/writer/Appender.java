package dev.kintsugi.runtime.internal.writer;

import static java.util.stream.Collectors.toUnmodifiableSet;

import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.RejectedNumber;
import dev.kintsugi.runtime.internal.event.RejectedNumbers;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.GenerationKey;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Appends in transactions of its own, for one thread: a lane's. The happy path pays for no
 * savepoint; only when a handler has thrown is the transaction run again, without what is known to
 * fail by then.
 */
public final class Appender implements AutoCloseable {

  private static final int REMEMBERED_FOR = 200;

  private final Database database;
  private final InlineWriter writer;
  private final Applier applier = new Applier();

  /** Generations that failed on most events of the last append: the next one expects no better. */
  private Set<GenerationKey> failing = Set.of();

  /** Generations that failed on an event of late, and for how many appends that is remembered. */
  private final Map<GenerationKey, Integer> failedOfLate = new HashMap<>();

  public Appender(Database database, InlineWriter writer) {
    this.database = database;
    this.writer = writer;
  }

  /**
   * Appends events of any number of streams in one transaction, and commits it.
   *
   * @throws AppendRejectedException if a projection rejects one of them; none is stored then
   * @throws Exception if the database says no; none is stored then, unless it is the commit's
   *     answer that was lost
   */
  public WrittenAppend append(List<NewEvent> events) throws Exception {
    return append(events, List.of(), List.of());
  }

  /**
   * Appends events of persistent actors, as {@link #append(List)} does, and the gaps that they
   * leave behind. An actor that goes on behind a hole, as the database has lost its latest events,
   * fails.
   *
   * @param gaps numbers below theirs, of events that were rejected
   * @param mayBeGone of which streams nothing at all need be left
   */
  public WrittenAppend append(
      List<NewEvent> events, List<RejectedNumber> gaps, Predicate<String> mayBeGone)
      throws Exception {
    return append(events, gaps, StreamEnd.of(events, gaps, mayBeGone));
  }

  private WrittenAppend append(
      List<NewEvent> events, List<RejectedNumber> gaps, List<StreamEnd> expected) throws Exception {
    KnownFailures failures = new KnownFailures(failing, failedOfLate.keySet());
    while (true) {
      try {
        WrittenAppend written = append(events, gaps, expected, failures);
        failing = failingMostly(written, failures);
        remember(written);
        return written;
      } catch (HandlerException | AppendRejectedException e) {
        if (haveTablesMoved(e)) {
          continue;
        }
        if (e instanceof HandlerException failure) {
          failures.add(failure);
        } else {
          throw e;
        }
      }
    }
  }

  private boolean haveTablesMoved(Exception error) throws Exception {
    Optional<HandlerException> failure =
        MovedTables.failureOf(error).filter(MovedTables::mayBeAtFault);
    return failure.isPresent()
        && database.inTransaction(connection -> MovedTables.areAtFault(connection, failure.get()));
  }

  private static Set<GenerationKey> failingMostly(WrittenAppend written, KnownFailures failures) {
    return failures.targets().stream()
        .filter(target -> written.of(target).isFailedMostly())
        .collect(toUnmodifiableSet());
  }

  private void remember(WrittenAppend written) {
    failedOfLate.replaceAll((target, appends) -> appends - 1);
    failedOfLate.values().removeIf(appends -> appends == 0);
    written
        .generations()
        .forEach(
            (target, counts) -> {
              if (counts.failed() > 0) {
                failedOfLate.put(target, REMEMBERED_FOR);
              }
            });
  }

  private WrittenAppend append(
      List<NewEvent> events,
      List<RejectedNumber> gaps,
      List<StreamEnd> expected,
      KnownFailures failures)
      throws Exception {
    return applier.inTransaction(
        database,
        connection -> {
          WrittenAppend written = writer.write(connection, applier, events, expected, failures);
          RejectedNumbers.insert(connection, gaps);
          return written;
        });
  }

  @Override
  public void close() {
    applier.close();
  }
}
