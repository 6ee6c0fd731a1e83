package dev.kintsugi.examples.bench;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Says on standard error how far a benchmark is: a line for what has ended and, on a terminal, a
 * count in place of what is under way.
 */
public final class Progress {

  private static final long PERIOD_IN_MILLIS = 500;
  private static final String CLEAR_LINE = "\r\033[K";

  private final PrintWriter out;
  private final boolean inPlace;

  private Progress(PrintWriter out, boolean inPlace) {
    this.out = out;
    this.inPlace = inPlace;
  }

  @SuppressWarnings("SystemConsoleNull") // The build starts the program with jdk.console=java.base.
  public static Progress on(PrintWriter standardError) {
    boolean canMoveCursor = !System.getenv().getOrDefault("TERM", "dumb").equals("dumb");
    return new Progress(standardError, canMoveCursor && System.console() != null);
  }

  /** Something has ended. */
  public synchronized void line(String text) {
    out.println(inPlace ? CLEAR_LINE + text : text);
    out.flush();
  }

  private synchronized void show(String text) {
    out.print(CLEAR_LINE + text);
    out.flush();
  }

  /** Work that is under way, until it is closed. */
  public interface Running extends AutoCloseable {
    @Override
    void close() throws InterruptedException;
  }

  /** Counts, where that can be seen, until what it returns is closed. */
  public Running counting(String what, LongSupplier count) {
    if (!inPlace) {
      return () -> {};
    }
    CountDownLatch ended = new CountDownLatch(1);
    Thread thread = new Thread(() -> count(what, count, ended), "progress");
    thread.setDaemon(true);
    thread.start();
    return () -> {
      ended.countDown();
      thread.join();
      show("");
    };
  }

  private void count(String what, LongSupplier count, CountDownLatch ended) {
    try {
      do {
        show(String.format(Locale.ROOT, "%s  %,d", what, count.getAsLong()));
      } while (!ended.await(PERIOD_IN_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
