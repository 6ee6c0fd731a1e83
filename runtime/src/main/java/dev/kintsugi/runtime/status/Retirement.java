package dev.kintsugi.runtime.status;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code kintsugi_retirement}: the end of a projection, or of a generation of it that does
 * not serve, and how far it is.
 *
 * @param generation its last one
 * @param dropsTables whether its tables are dropped, or left to whoever wants them
 * @param fence what it waits for, once it was taken
 * @param lastError why its last step failed, if it did; it is tried again
 * @param endedAt when nothing was left of it but its history
 * @param isWhole whether the whole projection is retired
 * @param place the schema that has the generation's tables, if it has one of its own
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
    @Nullable Instant endedAt,
    boolean isWhole,
    @Nullable String place) {

  public boolean isDone() {
    return endedAt != null;
  }
}
