package dev.kintsugi.runtime.internal.query;

import java.util.List;
import java.util.function.Predicate;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.Persistence;
import scala.collection.immutable.Range;
import scala.collection.immutable.Seq;

/** Pekko's slices: into which a persistence id falls, and which ids a query by slices is about. */
public final class Slices {

  private final Persistence persistence;

  public Slices(Persistence persistence) {
    this.persistence = persistence;
  }

  /** What precedes the first '|' of a persistence id, as Pekko's typed PersistenceId has it. */
  static String entityType(String persistenceId) {
    int separator = persistenceId.indexOf('|');
    return separator < 0 ? "" : persistenceId.substring(0, separator);
  }

  /**
   * The persistence ids of an entity type whose slice is within a range, its ends included.
   *
   * @throws IllegalArgumentException if there are no such slices
   */
  public Predicate<String> within(String entityType, int minSlice, int maxSlice) {
    if (minSlice < 0 || minSlice > maxSlice || maxSlice >= persistence.numberOfSlices()) {
      throw new IllegalArgumentException(
          "slices must be within 0 to %d, and are %d to %d"
              .formatted(persistence.numberOfSlices() - 1, minSlice, maxSlice));
    }
    return persistenceId -> {
      int slice = of(persistenceId);
      return entityType(persistenceId).equals(entityType) && slice >= minSlice && slice <= maxSlice;
    };
  }

  /** The slice of a persistence id. */
  public int of(String persistenceId) {
    return persistence.sliceForPersistenceId(persistenceId);
  }

  /** All slices in so many ranges of the same size. */
  public List<Pair<Integer, Integer>> ranges(int numberOfRanges) {
    return persistence.getSliceRanges(numberOfRanges);
  }

  /** The same, for Scala. */
  public Seq<Range> scalaRanges(int numberOfRanges) {
    return persistence.sliceRanges(numberOfRanges);
  }
}
