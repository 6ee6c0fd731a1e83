package dev.kintsugi.runtime.internal.follow;

import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Warns of what is tried again and again while it fails. Each kind of error is logged once with its
 * stack; while they go on, a line a minute says so. After a minute without errors all is forgotten.
 * For one actor.
 */
final class OutageLog {

  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Logger log;
  private final LongSupplier nanoTime;

  /** Of the errors that were logged in this outage. */
  private final Set<String> kinds = new HashSet<>();

  private long failedAt;
  private long loggedAt;
  private long leftOut;

  OutageLog(Logger log) {
    this(log, System::nanoTime);
  }

  OutageLog(Logger log, LongSupplier nanoTime) {
    this.log = log;
    this.nanoTime = nanoTime;
  }

  /** It has failed once more. */
  void warn(String message, Throwable error) {
    long now = nanoTime.getAsLong();
    if (now - failedAt >= MINUTE) {
      kinds.clear();
      leftOut = 0;
    }
    failedAt = now;
    if (kinds.add(kind(error))) {
      loggedAt = now;
      log.warn(message, error);
    } else if (now - loggedAt >= MINUTE) {
      log.warn("{} ({} more such warnings were left out): {}", message, leftOut, error.toString());
      loggedAt = now;
      leftOut = 0;
    } else {
      leftOut++;
    }
  }

  private static String kind(Throwable error) {
    StringBuilder kind = new StringBuilder();
    for (Throwable each = error; each != null; each = each.getCause()) {
      kind.append(each.getClass().getName()).append(' ');
      if (each instanceof SQLException sql) {
        kind.append(sql.getSQLState()).append(' ');
      }
    }
    return kind.toString();
  }
}
