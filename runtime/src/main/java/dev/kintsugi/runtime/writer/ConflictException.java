package dev.kintsugi.runtime.writer;

/** Ends an append whose events do not follow the end of their stream. */
final class ConflictException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient AppendResult.Conflict conflict;

  ConflictException(AppendResult.Conflict conflict) {
    super(conflict.toString());
    this.conflict = conflict;
  }

  AppendResult.Conflict conflict() {
    return conflict;
  }
}
