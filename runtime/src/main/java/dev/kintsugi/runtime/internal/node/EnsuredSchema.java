package dev.kintsugi.runtime.internal.node;

import dev.kintsugi.runtime.internal.event.TagLayout;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The schema of a node's database: made sure of before the first use of the database, and by
 * whoever uses it first. A node may start before its database. While it can't be made sure of, each
 * use fails, saying why, and the next one tries again; once it was, nobody asks any more.
 *
 * <p>Threads that ask at the same time share one try. A failure that the database itself is not to
 * blame for (tables are missing, say) stands for a second, so that many writes do not cost as many
 * tries. Each reason is logged once.
 */
final class EnsuredSchema {

  private static final Logger log = LoggerFactory.getLogger(EnsuredSchema.class);

  private static final long STANDS_FOR_NANOS = Duration.ofSeconds(1).toNanos();

  private final Callable<TagLayout> ensure;

  private volatile @Nullable TagLayout layout;
  private volatile @Nullable Failure last;
  private final AtomicReference<@Nullable CompletableFuture<TagLayout>> trying =
      new AtomicReference<>();

  /** Why the last try failed, and when. */
  private record Failure(Exception why, boolean ofDatabase, long nanos) {
    boolean stands() {
      return !ofDatabase && System.nanoTime() - nanos < STANDS_FOR_NANOS;
    }

    boolean isNewsAfter(@Nullable Failure before) {
      return before == null || !String.valueOf(before.why).equals(String.valueOf(why));
    }
  }

  /**
   * A schema.
   *
   * @param ensure looks at it, and may make it; called again until it does not fail
   */
  EnsuredSchema(Callable<TagLayout> ensure) {
    this.ensure = ensure;
  }

  /** How the database has the journal's tags, for who can't throw a checked exception. */
  TagLayout layout() {
    try {
      return get();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Makes sure of the schema, if nobody has yet. Blocks for as long as a connection is waited for.
   *
   * @throws dev.kintsugi.runtime.persistence.SchemaException if tables are missing and may not be
   *     made, or are of an unknown layout, or the server is too old
   * @throws SQLException if there is no database, or it is at fault
   */
  TagLayout get() throws SQLException {
    TagLayout known = layout;
    if (known != null) {
      return known;
    }
    Failure failure = last;
    if (failure != null && failure.stands()) {
      throw unchecked(failure.why());
    }
    CompletableFuture<TagLayout> mine = new CompletableFuture<>();
    CompletableFuture<TagLayout> others = trying.compareAndExchange(null, mine);
    return others == null ? attempt(mine) : await(others);
  }

  private TagLayout attempt(CompletableFuture<TagLayout> attempt) throws SQLException {
    try {
      TagLayout found = ensure.call();
      if (last != null) {
        log.info("The database is there and its schema is as it has to be");
      }
      layout = found;
      attempt.complete(found);
      return found;
    } catch (Exception e) {
      Failure failure = new Failure(e, SqlStates.isDatabaseAtFault(e), System.nanoTime());
      logOnce(failure);
      last = failure;
      throw unchecked(e);
    } finally {
      trying.set(null);
      Failure failure = last;
      attempt.completeExceptionally(
          failure == null
              ? new IllegalStateException("the try ended with an error")
              : failure.why());
    }
  }

  private void logOnce(Failure failure) {
    if (!failure.isNewsAfter(last)) {
      return;
    }
    if (failure.ofDatabase()) {
      log.warn(
          "{} Until there is a database, all that needs it fails; each use tries again, and this node"
              + " need not be restarted.",
          failure.why().getMessage());
    } else {
      log.error(
          "Nothing can be written or read: the database can't be used as it is. Each use tries again,"
              + " so once that is mended, this node need not be restarted.",
          failure.why());
    }
  }

  private static TagLayout await(CompletableFuture<TagLayout> others) throws SQLException {
    try {
      return others.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted while waiting for the database", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception why ? unchecked(why) : new IllegalStateException(e);
    }
  }

  private static RuntimeException unchecked(Exception why) throws SQLException {
    if (why instanceof SQLException sql) {
      throw sql;
    }
    return why instanceof RuntimeException runtime ? runtime : new IllegalStateException(why);
  }
}
