package dev.kintsugi.runtime.status;

import org.apache.pekko.annotation.ApiMayChange;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code kintsugi_projection}: one build of a projection, and what writers do about it.
 *
 * @param returnsTo the version that would be active again if the rebuild were stopped now, where it
 *     is another one; writers record what either may subscribe to
 */
@ApiMayChange
public record Generation(
    String projection,
    int generation,
    Status status,
    boolean paused,
    int version,
    @Nullable Integer returnsTo) {

  /** One whose rebuild, if there is any, is by the version that there was before. */
  public Generation(String projection, int generation, Status status, boolean paused, int version) {
    this(projection, generation, status, paused, version, null);
  }
}
