package dev.kintsugi.examples.bench.suite;

/** What the read models of {@link Kind} take of an event. */
record StreamEvent(String persistenceId, long sequenceNumber) {}
