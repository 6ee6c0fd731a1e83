package dev.kintsugi.runtime.internal.node;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells housekeeping that there may be something for it to do before its next look. Only hints:
 * what is so, it finds in the database. Any thread may use it.
 */
public final class HousekeepingHints {

  private static final Logger log = LoggerFactory.getLogger(HousekeepingHints.class);

  private static final String ARCHIVE = "kintsugi_skip_archive";

  /** What has happened. */
  public sealed interface Hint {}

  /** So many skip records were archived, so their table may be larger now than it needs to be. */
  public record Drained(int records) implements Hint {}

  /** The archive had no partition for a record, so it was not archived. */
  public record NoPartition() implements Hint {}

  private final List<Consumer<Hint>> listeners = new CopyOnWriteArrayList<>();

  /**
   * Asks for hints.
   *
   * @param listener is called on the thread that gives the hint, which it must not hold up
   */
  public void subscribe(Consumer<Hint> listener) {
    listeners.add(listener);
  }

  /** Hints at records that were archived by a transaction that has committed. */
  public void drained(int records) {
    if (records > 0) {
      tell(new Drained(records));
    }
  }

  /**
   * Hints at a failed transaction that was to archive records. An error that has another cause than
   * a missing partition is none of housekeeping's, and is passed over.
   */
  public void failed(Throwable error) {
    if (SqlStates.isWithoutPartition(error, ARCHIVE)) {
      tell(new NoPartition());
    }
  }

  private void tell(Hint hint) {
    for (Consumer<Hint> listener : listeners) {
      try {
        listener.accept(hint);
      } catch (RuntimeException e) {
        // It looks again by itself; what gave the hint is not to fail for that.
        log.warn("A listener failed on the hint {}", hint, e);
      }
    }
  }
}
