package dev.kintsugi.runtime.status;

import org.apache.pekko.annotation.ApiMayChange;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code kintsugi_projection}: one build of a projection, and what writers do about it.
 *
 * @param returnsTo the version that would be active again if the rebuild were stopped now, where it
 *     is another one; writers record what either may subscribe to
 * @param serving whether it is the one that readers see; of a projection's generations one does
 * @param place the schema that has its tables, where the names that readers use are views; null
 *     where these are the tables themselves
 */
@ApiMayChange
public record Generation(
    String projection,
    int generation,
    Status status,
    boolean paused,
    int version,
    @Nullable Integer returnsTo,
    boolean serving,
    @Nullable String place) {

  /**
   * One that serves, in tables of the names that readers use, and whose rebuild, if there is any,
   * is by the version that there was before.
   */
  public Generation(String projection, int generation, Status status, boolean paused, int version) {
    this(projection, generation, status, paused, version, null, true, null);
  }
}
