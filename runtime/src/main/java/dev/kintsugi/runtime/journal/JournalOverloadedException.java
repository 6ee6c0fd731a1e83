package dev.kintsugi.runtime.journal;

/**
 * More writes came than the lanes can hold; this one was not queued and nothing of it is stored.
 */
public final class JournalOverloadedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JournalOverloadedException(String message) {
    super(message);
  }
}
