package dev.kintsugi.runtime.persistence;

/**
 * More writes came than the lanes can hold; this one was not queued and nothing of it is stored.
 */
public final class JournalOverloadedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public JournalOverloadedException(String message) {
    super(message);
  }
}
