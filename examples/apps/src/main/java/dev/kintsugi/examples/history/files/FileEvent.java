package dev.kintsugi.examples.history.files;

import dev.kintsugi.examples.history.input.HistoryLine;
import java.time.Instant;

/**
 * What happened to a file.
 *
 * <p>A history is irregular: a file can be added twice and deleted while it is missing. Only the
 * entity knows whether the file was there, so it says so in the event: then a read model that
 * counts the files of a directory, over many streams, needs no row of its own to look it up, and
 * its counts are the same in every order of the streams.
 */
public sealed interface FileEvent {

  /** The file's path from the repository's root. */
  String path();

  String commit();

  Instant at();

  String author();

  /** Whether the file was there before. */
  boolean existed();

  /** Whether the file is there now. */
  default boolean exists() {
    return true;
  }

  /**
   * What a line of a history means to a file.
   *
   * @param existed whether the file was there before
   */
  static FileEvent of(HistoryLine line, boolean existed) {
    return switch (line.kind()) {
      case ADDED ->
          new Added(line.path(), line.commit(), line.committedAt(), line.author(), existed);
      case MODIFIED, TYPE_CHANGED ->
          new Modified(line.path(), line.commit(), line.committedAt(), line.author(), existed);
      case DELETED ->
          new Deleted(line.path(), line.commit(), line.committedAt(), line.author(), existed);
    };
  }

  /** By how much the number of existing files changed: 1, 0 or -1. */
  default int filesMore() {
    return (exists() ? 1 : 0) - (existed() ? 1 : 0);
  }

  /** The file was added, perhaps once more. */
  record Added(String path, String commit, Instant at, String author, boolean existed)
      implements FileEvent {}

  /** Its contents or its type changed; it is there now, even if nobody added it. */
  record Modified(String path, String commit, Instant at, String author, boolean existed)
      implements FileEvent {}

  /** The file was deleted, perhaps though it was missing. */
  record Deleted(String path, String commit, Instant at, String author, boolean existed)
      implements FileEvent {
    @Override
    public boolean exists() {
      return false;
    }
  }
}
