package dev.kintsugi.runtime.internal.housekeeping;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a run of housekeeping could not do, gathered step by step. Not thread-safe. */
final class HousekeepingReport {

  /**
   * Something that failed for another reason than somebody else's lock.
   *
   * @param kind the same for the same failure in the next run
   * @param message what it means, and what to do
   */
  record Failure(String kind, String message, @Nullable Throwable cause) {}

  private final List<String> postponed = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();

  /** A lock was in the way of something, which the next run will find not done. */
  void postponed(String what) {
    postponed.add(what);
  }

  void failed(String kind, String message, @Nullable Throwable cause) {
    failures.add(new Failure(kind, message, cause));
  }

  List<String> postponed() {
    return List.copyOf(postponed);
  }

  List<Failure> failures() {
    return List.copyOf(failures);
  }

  /** Whether there is something to try again soon. */
  boolean isIncomplete() {
    return !postponed.isEmpty() || !failures.isEmpty();
  }
}
