package dev.kintsugi.examples.bench.cluster.history;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Changes that are due and not known to be stored. A file's next one is sent when the one before is
 * stored, and a file that does not answer holds up no other.
 */
final class Window {

  private final Map<String, Deque<Change>> files = new LinkedHashMap<>();
  private int size;

  /** One more is due; each file's in their order. */
  void add(Change change) {
    files.computeIfAbsent(change.line().path(), file -> new ArrayDeque<>()).add(change);
    size++;
  }

  /** The first one of each file. */
  List<Change> next() {
    return files.values().stream().map(Deque::getFirst).toList();
  }

  /** It is stored. */
  void stored(Change change) {
    Deque<Change> file = files.get(change.line().path());
    if (file == null || !change.equals(file.peekFirst())) {
      throw new IllegalStateException(change + " was not the next one of its file");
    }
    file.removeFirst();
    size--;
    if (file.isEmpty()) {
      files.remove(change.line().path());
    }
  }

  int size() {
    return size;
  }
}
