package dev.kintsugi.runtime.internal.rebuild;

/** The database failed a step of a rebuild. The step left nothing; it will be done again. */
public final class RebuildFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RebuildFailedException(String what, Throwable cause) {
    super(what + " failed in a step that will be done again: " + cause, cause);
  }
}
