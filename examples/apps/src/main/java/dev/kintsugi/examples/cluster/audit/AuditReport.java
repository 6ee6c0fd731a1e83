package dev.kintsugi.examples.cluster.audit;

import dev.kintsugi.examples.common.TextTable;
import java.util.ArrayList;
import java.util.List;

/**
 * What an audit found.
 *
 * @param events how many there are in the journal
 * @param acknowledged how many of them some node said are stored
 * @param missing acknowledged events that are not in the journal
 * @param open skip records that are open
 */
public record AuditReport(
    long events, long acknowledged, long missing, long open, List<Findings> readModels) {

  private static final int DIFFERENCES_SHOWN = 5;

  /** Whether all is as it should be. */
  public boolean isClean() {
    return missing == 0 && open == 0 && readModels.stream().allMatch(Findings::isClean);
  }

  /** For people. */
  public List<String> lines() {
    TextTable table = new TextTable("audit", "rows", "lost", "doubled", "differing");
    for (Findings found : readModels) {
      table.row(
          found.table(), found.rows(), found.lost(), found.doubled(), found.differing().size());
    }
    List<String> lines = new ArrayList<>(table.lines());
    lines.add("");
    lines.add(
        "%,d events in the journal; of %,d that were acknowledged %,d are missing; open skip records: %,d."
            .formatted(events, acknowledged, missing, open));
    for (Findings found : readModels) {
      found.differing().stream()
          .limit(DIFFERENCES_SHOWN)
          .forEach(
              row ->
                  lines.add(
                      "%s '%s': expected %s, but there is %s"
                          .formatted(found.table(), row.key(), row.expected(), row.actual())));
    }
    lines.add(
        isClean()
            ? "Every row of both read models is what a fold of the journal says: lost/doubled/differing 0/0/0."
            : "NOT all is as a fold of the journal says.");
    return lines;
  }
}
