package dev.kintsugi.examples.bench.kill;

import java.util.Optional;

/**
 * An event that its actor was told is stored.
 *
 * @param text what the event holds, which no other event does
 */
public record Ack(String persistenceId, long sequenceNumber, String text) {

  /** A line of the file that writers leave behind. */
  String line() {
    return persistenceId + "\t" + sequenceNumber + "\t" + text + "\n";
  }

  /** Reads a line without its end; empty if it is no whole one. */
  static Optional<Ack> parse(String line) {
    String[] fields = line.split("\t", -1);
    return fields.length == 3 && fields[1].matches("[1-9][0-9]{0,17}")
        ? Optional.of(new Ack(fields[0], Long.parseLong(fields[1]), fields[2]))
        : Optional.empty();
  }
}
