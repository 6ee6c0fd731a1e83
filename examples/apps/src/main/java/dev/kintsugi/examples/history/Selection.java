package dev.kintsugi.examples.history;

import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.util.ArrayList;
import java.util.List;

/**
 * What of a history is imported, and what the oracle is computed from.
 *
 * @param lines in the history's order
 * @param found how many lines the history has
 * @param leftOut the paths whose persistence ids would be too long for the journal, each once
 */
record Selection(List<HistoryLine> lines, long found, List<String> leftOut) {

  /** The history's first events, without those that can't be stored. */
  static Selection of(List<HistoryLine> history, EventLimit limit) {
    return new Selection(
        history.stream()
            .filter(line -> FileEntity.canHave(line.path()))
            .limit(limit.events())
            .toList(),
        history.size(),
        history.stream()
            .map(HistoryLine::path)
            .filter(path -> !FileEntity.canHave(path))
            .distinct()
            .toList());
  }

  /** For people, a line each. */
  List<String> description() {
    List<String> description = new ArrayList<>();
    description.add(
        "History: %,d of %,d events, in %,d files by %,d authors"
            .formatted(
                lines.size(),
                found,
                lines.stream().map(HistoryLine::path).distinct().count(),
                lines.stream().map(HistoryLine::author).distinct().count()));
    if (!leftOut.isEmpty()) {
      description.add(
          "Left out: %,d paths that are too long for a persistence id, the first is %s"
              .formatted(leftOut.size(), leftOut.get(0)));
    }
    return description;
  }
}
