package dev.kintsugi.runtime.skip;

import dev.kintsugi.projections.internal.text.StorableText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which open records of a projection are meant. To be read as a sentence: {@code
 * SkipFilter.any().inStream("File|a").onlyParked().olderThan(ofHours(1))}.
 *
 * @param reasons any of these; none for all
 * @param parked whether they are parked; empty if it does not matter
 * @param minAge for how long they have been on record, at least
 */
public record SkipFilter(
    Set<SkipReason> reasons,
    Optional<Boolean> parked,
    Optional<String> persistenceId,
    Optional<Duration> minAge) {

  private static final SkipFilter ANY =
      new SkipFilter(Set.of(), Optional.empty(), Optional.empty(), Optional.empty());

  /** A persistence id that no stream can have is refused: what is meant is another one. */
  public SkipFilter {
    persistenceId.ifPresent(id -> StorableText.checked(id, "the filter's persistence id"));
    reasons = Set.copyOf(reasons);
    minAge.ifPresent(
        age -> {
          if (age.isNegative()) {
            throw new IllegalArgumentException("an age can't be negative: " + age);
          }
        });
  }

  /** All open records. */
  public static SkipFilter any() {
    return ANY;
  }

  /** Those that were recorded for one of these reasons. */
  public SkipFilter because(SkipReason first, SkipReason... others) {
    return new SkipFilter(EnumSet.of(first, others), parked, persistenceId, minAge);
  }

  /** Those that failed for good and wait for an operator. */
  public SkipFilter onlyParked() {
    return new SkipFilter(reasons, Optional.of(true), persistenceId, minAge);
  }

  /** Those that recovery still tries, or that wait behind others. */
  public SkipFilter notParked() {
    return new SkipFilter(reasons, Optional.of(false), persistenceId, minAge);
  }

  /** Those of one stream. */
  public SkipFilter inStream(String ofPersistenceId) {
    return new SkipFilter(reasons, parked, Optional.of(ofPersistenceId), minAge);
  }

  /** Those that have been on record for as long as this, or longer. */
  public SkipFilter olderThan(Duration age) {
    return new SkipFilter(reasons, parked, persistenceId, Optional.of(age));
  }

  /** As a part of a sentence: "parked records of stream 'File|a', recorded as FAILED". */
  @Override
  public String toString() {
    List<String> words = new ArrayList<>();
    parked.ifPresent(is -> words.add(is ? "parked" : "not parked"));
    words.add("records");
    persistenceId.ifPresent(stream -> words.add("of stream '" + stream + "'"));
    String what = String.join(" ", words);
    if (!reasons.isEmpty()) {
      what += ", recorded as " + new TreeSet<>(reasons);
    }
    return minAge.isPresent() ? what + ", older than " + minAge.get() : what;
  }
}
