package dev.kintsugi.examples.bench.suite;

/** A stream's row of the read model, as a document. */
public record WritesDocument(long events, long lastSequenceNumber) {

  static final WritesDocument NONE = new WritesDocument(0, 0);

  /** With one event more. */
  WritesDocument plus(long sequenceNumber) {
    return new WritesDocument(events + 1, sequenceNumber);
  }
}
