package dev.kintsugi.examples.bench.cluster.history;

import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.HistoryFile;
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

  /**
   * The history that comes with the example.
   *
   * @param first how many are written before others
   * @throws BadInputException if that leaves no others
   */
  public static List<Change> ofTheExample(int first) throws BadInputException {
    List<Change> changes = of(HistoryFile.ofTheExample());
    if (changes.size() <= first) {
      throw new BadInputException(
          "%,d events leave nothing to write: the history has %,d"
              .formatted(first, changes.size()));
    }
    return changes;
  }

  /** All lines that can be stored, in their order. */
  static List<Change> of(List<HistoryLine> history) {
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
