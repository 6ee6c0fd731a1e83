package dev.kintsugi.runtime.status;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code kintsugi_retirement}: the end of a projection, and how far it is.
 *
 * @param generation its last one
 * @param dropsTables whether its tables are dropped, or left to whoever wants them
 * @param fence what it waits for, once it was taken
 * @param lastError why its last step failed, if it did; it is tried again
 * @param endedAt when nothing was left of it but its history
 */
public record Retirement(
    String projection,
    int generation,
    String requestedBy,
    String reason,
    boolean dropsTables,
    @Nullable Long fence,
    @Nullable String lastError,
    Instant requestedAt,
    @Nullable Instant endedAt) {

  public boolean isDone() {
    return endedAt != null;
  }
}
