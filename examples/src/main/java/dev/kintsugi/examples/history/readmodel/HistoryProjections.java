package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.Projection;
import java.util.List;

/** The example's projections, each with one table of the same name. */
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
            .tables("directories.sql")
            .handler(DirectoriesHandler::new)
            .sharedRows()
            .build(),
        Projection.named(AUTHORS)
            .of(FileEvent.class)
            .tables("authors.sql")
            .handler(AuthorsHandler::new)
            .sharedRows()
            .build());
  }
}
