package dev.kintsugi.examples.bench.memory;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.Projection;
import java.time.Instant;
import java.util.Optional;

/** A document for each stream. */
public record FileDocument(boolean present, long changes, String lastAuthor, Instant lastChangeAt) {

  /** The fold's name, and its table's. */
  static final String NAME = "documents";

  static Projection<FileEvent> fold() {
    return Projection.named(NAME)
        .of(FileEvent.class)
        .fold(
            FileDocument.class,
            fold -> fold.evolve((before, envelope) -> Optional.of(after(before, envelope.event()))))
        .build();
  }

  private static FileDocument after(Optional<FileDocument> before, FileEvent event) {
    long changes = before.map(FileDocument::changes).orElse(0L);
    return new FileDocument(event.exists(), changes + 1, event.author(), event.at());
  }
}
