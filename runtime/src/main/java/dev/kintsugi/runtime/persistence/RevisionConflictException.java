package dev.kintsugi.runtime.persistence;

/**
 * A state's next revision can't be written, as the stored one is not the one before it: another
 * writer has written, perhaps a second incarnation of the same actor. Nothing was changed; who
 * reads the state again can go on from what is stored.
 */
public final class RevisionConflictException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  public RevisionConflictException(String message) {
    super(message);
  }
}
