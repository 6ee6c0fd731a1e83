package dev.kintsugi.runtime.event;

import dev.kintsugi.projections.text.StorableText;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What fits into Pekko Persistence JDBC's tables, and through PostgreSQL's protocol. Looked at
 * before anything is sent: the database's own error would name neither event nor column, and would
 * cost a transaction or even the connection.
 */
public final class Limits {

  /**
   * How many bytes the events of one atomic write may have. No message of PostgreSQL's is longer
   * than 1 GB, and when it is read, it may come as text of twice the length: what is larger could
   * be stored, but not recovered.
   */
  public static final long LARGEST_WRITE = 500L << 20;

  private static final int LONGEST_ID = 255;
  private static final int LONGEST_WRITER = 255;
  private static final int LONGEST_MANIFEST = 255;
  private static final int LONGEST_TAG = 256;
  private static final int LONGEST_SHOWN = 60;

  private Limits() {}

  /**
   * Refuses a persistence id that nobody would want, or that the journal can't hold. (A blank one
   * it can hold; what other plugins stored under one is recovered, and written on.)
   *
   * @throws IllegalArgumentException if it is blank, too long, or has a NUL
   */
  public static void refusePersistenceId(String persistenceId) {
    Optional<String> why =
        persistenceId.isBlank()
            ? Optional.of("a persistence id is blank")
            : violationOfId(persistenceId);
    if (why.isPresent()) {
      throw new IllegalArgumentException(why.get());
    }
  }

  /**
   * Refuses events that are to be stored all or none, and are more than fits into one statement.
   *
   * @throws UnstorableEventException if so, naming the first of them
   */
  public static void refuseTooLarge(List<NewEvent> atomicWrite) {
    long size = 0;
    for (NewEvent event : atomicWrite) {
      size += event.size();
    }
    violationOfSize(size, atomicWrite.size())
        .ifPresent(
            violation -> {
              throw new UnstorableEventException(atomicWrite.get(0).row(), violation);
            });
  }

  static Optional<String> violationOfSize(long size, int events) {
    return size <= LARGEST_WRITE
        ? Optional.empty()
        : Optional.of(
            "%s %d bytes, and an atomic write may have %d at the most"
                .formatted(
                    events == 1
                        ? "it has"
                        : "it and what is to be stored with it, %d events, have".formatted(events),
                    size,
                    LARGEST_WRITE));
  }

  /** What of an event does not fit, if anything. Each event comes through here: no streams. */
  static Optional<String> violation(NewEvent event) {
    EventRow row = event.row();
    Serialized metadata = row.metadata();
    Optional<String> violation = violationOfId(row.persistenceId());
    if (violation.isEmpty()) {
      violation = violation("writer", row.writer(), LONGEST_WRITER);
    }
    if (violation.isEmpty()) {
      violation = violation("event adapter's manifest", row.adapterManifest(), LONGEST_MANIFEST);
    }
    if (violation.isEmpty()) {
      violation = violation("serializer's manifest", row.event().manifest(), LONGEST_MANIFEST);
    }
    if (violation.isEmpty() && metadata != null) {
      violation = violation("metadata's manifest", metadata.manifest(), LONGEST_MANIFEST);
    }
    for (String tag : event.tags()) {
      if (violation.isEmpty()) {
        violation = violation("tag", tag, LONGEST_TAG);
      }
    }
    return violation;
  }

  private static Optional<String> violationOfId(String persistenceId) {
    return violation("persistence id", persistenceId, LONGEST_ID);
  }

  private static Optional<String> violation(String what, @Nullable String text, int longest) {
    if (text == null) {
      return Optional.empty();
    }
    if (text.indexOf('\0') >= 0) {
      return Optional.of(
          "the %s '%s' has a NUL, which PostgreSQL's text can't hold"
              .formatted(what, forPeople(text)));
    }
    if (!StorableText.isStorable(text)) {
      return Optional.of(
          "the %s '%s' has half a surrogate pair, which is no character"
              .formatted(what, forPeople(text)));
    }
    int length = text.codePointCount(0, text.length());
    return length <= longest
        ? Optional.empty()
        : Optional.of(
            "the %s '%s' has %d characters, and the journal holds %d at the most"
                .formatted(what, forPeople(text), length, longest));
  }

  /** A text that may be long, or have what can't be stored. */
  static String forPeople(String text) {
    String shown =
        text.length() <= LONGEST_SHOWN
            ? text
            : text.substring(0, text.offsetByCodePoints(0, LONGEST_SHOWN / 2)) + "…";
    return StorableText.repaired(shown.replace("\0", "\\0"));
  }
}
