package dev.kintsugi.runtime.persistence;

import java.util.List;

/**
 * A stream has a gap that nothing explains: its events were neither rejected nor deleted. Whoever
 * replays it fails, rather than go on without them.
 */
public final class MissingEventsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String persistenceId;

  public MissingEventsException(String persistenceId, List<String> missing) {
    super(
        "Stream %1$s has no event %2$s, and what comes behind is there: it can't be replayed. Are these events lost, restore them. Is it known that they were rejected, and their numbers used up (Pekko Persistence JDBC keeps no record of that), say so: INSERT INTO kintsugi_rejected (persistence_id, sequence_number) for each of these numbers."
            .formatted(persistenceId, String.join(", ", missing)));
    this.persistenceId = persistenceId;
  }

  public String persistenceId() {
    return persistenceId;
  }
}
