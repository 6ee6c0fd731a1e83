package dev.kintsugi.runtime.internal.handler;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Warnings of which a storm would bring thousands: so many a minute are logged, and after that how
 * many were left out. Threads may share one.
 */
public final class FailureLog {

  static final int EACH_MINUTE = 10;
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Logger log;
  private final LongSupplier nanoTime;
  private long begin;
  private int logged;
  private long leftOut;

  public FailureLog(Logger log) {
    this(log, System::nanoTime);
  }

  FailureLog(Logger log, LongSupplier nanoTime) {
    this.log = log;
    this.nanoTime = nanoTime;
    this.begin = nanoTime.getAsLong();
  }

  /**
   * Logs a warning, unless there were too many of late.
   *
   * @param arguments as SLF4J takes them: the message's, then perhaps an error with its stack
   */
  public synchronized void warn(String message, Object... arguments) {
    long now = nanoTime.getAsLong();
    if (now - begin >= MINUTE) {
      sayWhatWasLeftOut();
      begin = now;
      logged = 0;
    }
    if (logged < EACH_MINUTE) {
      logged++;
      log.warn(message, arguments);
    } else {
      if (leftOut == 0) {
        log.warn("More such warnings follow; no more than {} a minute are logged", EACH_MINUTE);
      }
      leftOut++;
    }
  }

  private void sayWhatWasLeftOut() {
    if (leftOut > 0) {
      log.warn("{} warnings like the last ones were left out", leftOut);
      leftOut = 0;
    }
  }
}
