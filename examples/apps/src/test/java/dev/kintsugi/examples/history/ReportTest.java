package dev.kintsugi.examples.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.history.audit.Difference;
import dev.kintsugi.examples.history.audit.Findings;
import dev.kintsugi.runtime.status.ProjectionCounts;
import dev.kintsugi.runtime.verify.TableDifference;
import dev.kintsugi.runtime.verify.Verification;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReportTest {

  @Test
  void a_clean_run_says_so() {
    Report report = report(new Findings("files", 0, 0, List.of()));

    assertThat(report.isClean()).isTrue();
    assertThat(report.lines())
        .contains(
            "Imported 1,000 events in 2.00 seconds, 500 a second. Rebuilt meanwhile:",
            "projection      files",
            "applied inline    900",
            "recorded          100",
            "lost                0",
            "seconds          4.00",
            "events/s          250")
        .last()
        .isEqualTo("Audit: every row of every read model is as the oracle says.");
  }

  @Test
  void of_many_differences_the_first_ten_are_shown() {
    List<Difference> differences =
        IntStream.rangeClosed(1, 12)
            .mapToObj(i -> new Difference("files", "file-" + i, "changes", "2", "1"))
            .toList();

    Report report = report(new Findings("files", 12, 0, differences));

    assertThat(report.isClean()).isFalse();
    assertThat(report.lines())
        .contains(
            "lost               12",
            "Audit: NOT as the oracle says are 12 rows or columns:",
            "table  key        column   expected  actual",
            "files  'file-10'  changes  2         1",
            "and 2 more")
        .noneMatch(line -> line.contains("file-11"));
  }

  @Test
  void what_only_kintsugi_finds_is_said_too() {
    Report report = report(new Findings("files", 0, 0, List.of()), verified(3));

    assertThat(report.isClean()).isFalse();
    assertThat(report.lines())
        .contains("Audit: as the oracle says, but NOT as Kintsugi.verify says.")
        .anyMatch(line -> line.matches("verify: differ +3"));
  }

  private static Report report(Findings findings) {
    return report(findings, verified(0));
  }

  private static Report report(Findings findings, Verification verification) {
    return new Report(
        1_000,
        Duration.ofSeconds(2),
        List.of(
            new Report.Part(
                new ProjectionCounts(900, 100, 100, 0),
                List.of(),
                Duration.ofSeconds(4),
                findings,
                verification)));
  }

  /** So many rows are missing. */
  private static Verification verified(long missing) {
    return new Verification(
        "files",
        2,
        1_000,
        1_000,
        0,
        0,
        List.of(
            new TableDifference(
                "public.files", true, 100, missing, 0, true, List.of(), List.of())));
  }
}
