package dev.kintsugi.runtime.persistence;

/**
 * The transaction can't carry an append: its snapshot may be older than its id, or it ends with
 * each statement (DESIGN 5). Nothing was stored.
 */
public final class UnsafeTransactionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Refuses a transaction.
   *
   * @param what "in autocommit", say
   */
  public UnsafeTransactionException(String what) {
    super(
        "An append needs a transaction on READ COMMITTED, but this one is "
            + what
            + ". There a status could be read that is older than the transaction's id, and the event"
            + " would be missing in a read model for good.");
  }
}
