package dev.kintsugi.examples.bench.cluster.history;

import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A line of the history, and the how manieth it is of its file, from 1: so a file that is told
 * twice knows that it was, and one that has lost something knows that, too.
 */
public record Change(HistoryLine line, long number) {

  /** All lines that can be stored, in their order. */
  public static List<Change> of(List<HistoryLine> history) {
    Map<String, Long> files = new HashMap<>();
    List<Change> changes = new ArrayList<>(history.size());
    for (HistoryLine line : history) {
      if (FileEntity.canHave(line.path())) {
        changes.add(new Change(line, files.merge(line.path(), 1L, Long::sum)));
      }
    }
    return changes;
  }
}
