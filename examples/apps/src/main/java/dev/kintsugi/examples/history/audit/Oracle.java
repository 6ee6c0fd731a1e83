package dev.kintsugi.examples.history.audit;

import dev.kintsugi.examples.history.input.ChangeKind;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What the read models must hold: one thread folds the lines of the history, in their order. It
 * knows nothing of events, streams and projections.
 */
final class Oracle {

  private record File(boolean present, long changes, String lastAuthor, Instant lastChange) {}

  private record Author(long changes, Instant firstChange, Instant lastChange) {}

  private final Map<String, File> files = new HashMap<>();
  private final Map<String, Long> changesBeneath = new HashMap<>();
  private final Map<String, Author> authors = new HashMap<>();

  /** Takes in the lines, in the history's order. */
  Oracle(List<HistoryLine> lines) {
    lines.forEach(this::take);
  }

  private void take(HistoryLine line) {
    File before = files.get(line.path());
    files.put(
        line.path(),
        new File(
            line.kind() != ChangeKind.DELETED,
            before == null ? 1 : before.changes() + 1,
            line.author(),
            line.committedAt()));
    for (String directory : directoriesOf(line.path())) {
      changesBeneath.merge(directory, 1L, Long::sum);
    }
    authors.merge(
        line.author(),
        new Author(1, line.committedAt(), line.committedAt()),
        (known, change) ->
            new Author(
                known.changes() + 1,
                earlier(known.firstChange(), change.firstChange()),
                later(known.lastChange(), change.lastChange())));
  }

  private static Set<String> directoriesOf(String path) {
    Set<String> directories = new HashSet<>();
    String rest = path;
    while (!rest.isEmpty()) {
      rest = rest.substring(0, Math.max(0, rest.lastIndexOf('/')));
      directories.add(rest);
    }
    return directories;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static Instant later(Instant a, Instant b) {
    return a.isBefore(b) ? b : a;
  }

  Table files() {
    return table(
        Shape.FILES,
        files,
        file -> List.of(file.present(), file.changes(), file.lastAuthor(), file.lastChange()));
  }

  /** Counts the files that exist at the end of the fold, rather than while it goes on. */
  Table directories() {
    Map<String, Long> present = new HashMap<>();
    files.forEach(
        (path, file) -> {
          if (file.present()) {
            directoriesOf(path).forEach(directory -> present.merge(directory, 1L, Long::sum));
          }
        });
    SortedMap<String, List<Object>> rows = new TreeMap<>();
    changesBeneath.forEach(
        (path, changes) -> rows.put(path, List.of(changes, present.getOrDefault(path, 0L))));
    return new Table(Shape.DIRECTORIES, rows);
  }

  Table authors() {
    return table(
        Shape.AUTHORS,
        authors,
        author -> List.of(author.changes(), author.firstChange(), author.lastChange()));
  }

  private static <T> Table table(
      Shape shape, Map<String, T> entries, Function<T, List<Object>> values) {
    SortedMap<String, List<Object>> rows = new TreeMap<>();
    entries.forEach((key, entry) -> rows.put(key, values.apply(entry)));
    return new Table(shape, rows);
  }
}
