package dev.kintsugi.examples.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.common.Connections;
import dev.kintsugi.examples.history.audit.Audit;
import dev.kintsugi.examples.history.audit.Difference;
import dev.kintsugi.examples.history.audit.Findings;
import dev.kintsugi.examples.history.display.StatusView;
import dev.kintsugi.examples.history.input.HistoryFile;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class HistoryRunTest {

  private static final PrintStream NOWHERE =
      new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

  @Test
  void real_history_with_rebuilds_on_the_way_is_audited_clean_and_what_is_planted_is_found()
      throws Exception {
    List<HistoryLine> lines =
        Selection.of(HistoryFile.ofTheExample(), new EventLimit(2_000)).lines();
    try (DemoDatabase database = DemoDatabase.open(Map.of())) {

      Report report =
          new HistoryRun(database, 50, RebuildPlan.OF_THE_EXAMPLE)
              .of(lines, () -> StatusView.inPlainLines(NOWHERE));

      assertThat(report.isClean()).as(() -> String.join("\n", report.lines())).isTrue();
      assertThat(report.parts())
          .allSatisfy(
              part ->
                  assertThat(part.counts().appliedInline() + part.counts().recorded())
                      .as("each event was applied inline or recorded")
                      .isEqualTo(2_000));
      assertThat(report.parts())
          .extracting(part -> part.rebuilds().size())
          .containsExactly(2, 1, 1);

      Findings findings = plantAndAudit(database, lines);

      assertThat(findings.lost()).isEqualTo(1);
      assertThat(findings.differences())
          .extracting(Difference::column)
          .contains("changes", "present");
    }
  }

  private static Findings plantAndAudit(DemoDatabase database, List<HistoryLine> lines)
      throws Exception {
    try (Connections connections = database.connect()) {
      return connections.inTransaction(
          connection -> {
            try (Statement plant = connection.createStatement()) {
              // Readers see it by a view, as it was rebuilt beside.
              plant.execute(
                  "SELECT set_config('search_path', place, TRUE) FROM kintsugi_projection WHERE projection = 'files' AND serving");
              plant.executeUpdate(
                  "UPDATE files SET changes = changes - 1 WHERE path = (SELECT max(path) FROM files)");
              plant.executeUpdate(
                  "UPDATE files SET present = NOT present WHERE path = (SELECT min(path) FROM files)");
            }
            return new Audit(lines).of("files", connection);
          });
    }
  }
}
