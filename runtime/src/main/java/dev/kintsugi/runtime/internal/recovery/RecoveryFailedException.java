package dev.kintsugi.runtime.internal.recovery;

/** The database failed recovery. The batch left nothing; it will be tried again. */
public final class RecoveryFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RecoveryFailedException(String what, Throwable cause) {
    super(what + " failed and will be tried again: " + cause, cause);
  }
}
