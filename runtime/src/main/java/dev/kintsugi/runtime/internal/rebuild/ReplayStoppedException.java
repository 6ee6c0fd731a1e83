package dev.kintsugi.runtime.internal.rebuild;

/** An event can't be replayed, and the projection's policy is to stop. The batch is rolled back. */
final class ReplayStoppedException extends Exception {
  private static final long serialVersionUID = 1L;

  ReplayStoppedException(Throwable cause) {
    super(cause.getMessage(), cause);
  }
}
