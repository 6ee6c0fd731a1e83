package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.Writer;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes the changes of some files, in order, as the example's importer does: each when the one
 * before is stored.
 */
final class FileLines implements Writer {

  private final Iterator<HistoryLine> lines;
  private final Set<String> existing = new HashSet<>();

  private FileLines(Iterator<HistoryLine> lines) {
    this.lines = lines;
  }

  /** So many writers, or less, for a history; all the lines of a file are one writer's. */
  static List<FileLines> partition(List<HistoryLine> lines, int writers) {
    Collection<List<HistoryLine>> parts =
        lines.stream()
            .collect(Collectors.groupingBy(line -> Math.floorMod(line.path().hashCode(), writers)))
            .values();
    return parts.stream().map(part -> new FileLines(part.iterator())).toList();
  }

  @Override
  public Optional<Append> next() {
    if (!lines.hasNext()) {
      return Optional.empty();
    }
    HistoryLine line = lines.next();
    FileEvent event = FileEvent.of(line, existing.contains(line.path()));
    if (event.exists()) {
      existing.add(line.path());
    } else {
      existing.remove(line.path());
    }
    return Optional.of(new Append(FileEntity.persistenceId(line.path()), event));
  }
}
