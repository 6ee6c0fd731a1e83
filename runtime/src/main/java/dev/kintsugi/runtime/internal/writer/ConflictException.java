package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.runtime.persistence.AppendResult;

/** Ends an append whose events do not follow the end of their stream. */
final class ConflictException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient AppendResult.Conflict conflict;

  ConflictException(AppendResult.Conflict conflict) {
    super(
        "Events of stream %s are not stored: the stream is expected to end at sequence number %d, and ends at %d. Another writer was there, or the database has lost events that were acknowledged (a fail-over, a restore)"
            .formatted(conflict.persistenceId(), conflict.expected(), conflict.actual()));
    this.conflict = conflict;
  }

  AppendResult.Conflict conflict() {
    return conflict;
  }
}
