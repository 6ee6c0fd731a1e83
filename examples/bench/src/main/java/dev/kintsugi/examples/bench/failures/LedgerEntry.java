package dev.kintsugi.examples.bench.failures;

/**
 * A stream's row of the ledger, as a document.
 *
 * @param events how many
 * @param sequenceSum of their sequence numbers
 * @param last the sequence number of the last one
 * @param misplaced how many did not follow the one before
 */
public record LedgerEntry(long events, long sequenceSum, long last, long misplaced) {

  static final LedgerEntry NONE = new LedgerEntry(0, 0, 0, 0);

  /** With one event more. */
  LedgerEntry plus(long sequenceNumber) {
    return new LedgerEntry(
        events + 1,
        sequenceSum + sequenceNumber,
        sequenceNumber,
        sequenceNumber == last + 1 ? misplaced : misplaced + 1);
  }
}
