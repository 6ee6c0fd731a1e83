package dev.kintsugi.examples.bench.load;

/** An event could not be stored, or a stream not recovered; the figures would mean nothing. */
public final class LoadFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  public LoadFailedException(String message) {
    super(message);
  }

  LoadFailedException(String persistenceId, Throwable cause) {
    super("The load stopped at stream %s: %s".formatted(persistenceId, cause), cause);
  }
}
