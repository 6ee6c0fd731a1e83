package dev.kintsugi.runtime.persistence;

/**
 * The journal, or the durable state table, has not come as far as a query has read, or was told to
 * begin behind: the database is a copy that lacks the latest events, after a fail-over or a
 * restore, or it is another one.
 */
public final class OrderingsWentBackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OrderingsWentBackException(String message) {
    super(message);
  }
}
