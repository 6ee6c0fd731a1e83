package dev.kintsugi.examples.cluster;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/** Says what happens, with the seconds since the beginning. Any thread may. */
public final class Timeline {

  private final PrintStream out;
  private final long begun = System.nanoTime();

  public Timeline(PrintStream out) {
    this.out = out;
  }

  /** Says that something has just happened, and returns when. */
  public Duration note(String what) {
    Duration at = Duration.ofNanos(System.nanoTime() - begun);
    out.printf(Locale.ROOT, "%6.1f s  %s%n", seconds(at), what);
    return at;
  }

  public static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
