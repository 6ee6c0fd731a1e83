package dev.kintsugi.runtime.internal.retirement;

import dev.kintsugi.runtime.status.Unhandled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * What is to be said of projections whose records pile up: once, and then after pauses that double
 * from a minute to an hour. One that is gone and comes again begins anew.
 */
final class UnhandledWarnings {

  private static final Duration FIRST = Duration.ofMinutes(1);
  private static final Duration LONGEST = Duration.ofHours(1);

  private record Said(long at, Duration pause) {
    boolean isLongAgo(long now) {
      return now - at >= pause.toNanos();
    }
  }

  private final LongSupplier nanoTime;
  private final Map<String, Said> said = new HashMap<>();

  UnhandledWarnings(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** The warnings that are due. */
  List<String> of(List<Unhandled> found) {
    said.keySet().retainAll(found.stream().map(Unhandled::projection).collect(Collectors.toSet()));
    long now = nanoTime.getAsLong();
    List<String> due = new ArrayList<>();
    for (Unhandled unhandled : found) {
      Said last = said.get(unhandled.projection());
      if (last == null || last.isLongAgo(now)) {
        due.add(unhandled.warning());
        said.put(unhandled.projection(), new Said(now, last == null ? FIRST : next(last.pause())));
      }
    }
    return due;
  }

  private static Duration next(Duration pause) {
    Duration doubled = pause.multipliedBy(2);
    return doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
  }
}
