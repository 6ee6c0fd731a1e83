package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.rows.RowChanges;
import dev.kintsugi.projections.rows.RowTable;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;

/**
 * A row for each directory, counting what happens anywhere beneath it. The root's row is changed by
 * every event: nothing in the example is hotter.
 */
final class Directories {

  static final RowTable TABLE =
      RowTable.named("directories").key("path", "text").counter("changes").counter("files");

  private Directories() {}

  static void count(EventEnvelope<FileEvent> envelope, RowChanges rows) {
    FileEvent event = envelope.event();
    for (String directory : above(event.path())) {
      rows.upsert(TABLE, directory).increment("changes", 1).increment("files", event.filesMore());
    }
  }

  /** The directories above a file, the root (whose path is empty) first. */
  static List<String> above(String path) {
    List<String> directories = new ArrayList<>();
    directories.add("");
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      directories.add(path.substring(0, slash));
    }
    return directories;
  }
}
