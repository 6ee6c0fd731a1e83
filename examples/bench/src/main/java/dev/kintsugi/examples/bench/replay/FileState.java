package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import java.time.Instant;
import java.util.Optional;

/** The read model's row as a document; folded from the events of one stream. */
public record FileState(boolean present, long changes, String lastAuthor, Instant lastChangeAt) {

  /** A fold into the table of the projection's name, with the path as key. */
  static Projection<FileEvent> fold(String name) {
    return Projection.named(name)
        .of(FileEvent.class)
        .rebuilt(RebuildPolicy.inPlace())
        .fold(
            FileState.class,
            fold ->
                fold.key(envelope -> envelope.event().path())
                    .evolve((state, envelope) -> Optional.of(after(state, envelope.event())))
                    .column("changes", "bigint", FileState::changes)
                    .index("changes"))
        .build();
  }

  /** The table that the runtime makes for it. */
  static String ddl(String name) {
    return """
        CREATE TABLE IF NOT EXISTS %s (
          key            TEXT    PRIMARY KEY,
          schema_version INTEGER NOT NULL,
          state          JSONB   NOT NULL,
          changes        BIGINT
        ) WITH (fillfactor = 80)
        """
        .formatted(name);
  }

  /** The state after an event. */
  static FileState after(Optional<FileState> before, FileEvent event) {
    return new FileState(
        event.exists(), before.map(FileState::changes).orElse(0L) + 1, event.author(), event.at());
  }
}
