package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.Projection;
import java.util.List;
import java.util.Optional;

/**
 * The example's projections, each with one table of the same name, and each of another kind: a
 * handler, rows and a fold.
 */
public final class HistoryProjections {

  public static final String FILES = "files";
  public static final String DIRECTORIES = "directories";
  public static final String AUTHORS = "authors";

  /** In the order in which they are shown. */
  public static final List<String> NAMES = List.of(FILES, DIRECTORIES, AUTHORS);

  private HistoryProjections() {}

  /** The definitions, in the order of {@link #NAMES}. */
  public static List<Projection<FileEvent>> all() {
    return List.of(
        Projection.named(FILES)
            .of(FileEvent.class)
            .tables("files.sql")
            .handler(FilesHandler::new)
            .build(),
        Projection.named(DIRECTORIES)
            .of(FileEvent.class)
            .rows(List.of(Directories.TABLE), Directories::count)
            .build(),
        Projection.named(AUTHORS)
            .of(FileEvent.class)
            .fold(
                Author.class,
                fold ->
                    fold.key(envelope -> envelope.event().author())
                        .evolve(
                            (author, envelope) ->
                                Optional.of(
                                    author
                                        .map(known -> known.and(envelope.event()))
                                        .orElseGet(() -> Author.first(envelope.event()))))
                        .column("changes", "bigint", Author::changes)
                        .column("first_change_at", "timestamptz", Author::firstChange)
                        .column("last_change_at", "timestamptz", Author::lastChange)
                        .index("changes"))
            .build());
  }
}
