package dev.kintsugi.examples.history.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AuditTest {

  @Test
  void equal_tables_are_clean() {
    Map<String, List<Object>> rows = Map.of("a", row(3, "ann"), "b", row(1, "bob"));

    Findings findings = Audit.compare(files(rows), files(rows));

    assertThat(findings.isClean()).isTrue();
    assertThat(findings.differences()).isEmpty();
  }

  @Test
  void events_that_are_missing_are_lost() {
    Findings findings =
        Audit.compare(
            files(Map.of("a", row(3, "ann"), "b", row(1, "bob"))),
            files(Map.of("a", row(1, "ann"), "b", row(1, "bob"))));

    assertThat(findings.lost()).isEqualTo(2);
    assertThat(findings.doubled()).isZero();
    assertThat(findings.differences())
        .containsExactly(new Difference("files", "a", "changes", "3", "1"));
    assertThat(findings.isClean()).isFalse();
  }

  @Test
  void events_too_many_are_doubled_and_never_make_up_for_lost_ones() {
    Findings findings =
        Audit.compare(
            files(Map.of("a", row(3, "ann"), "b", row(1, "bob"))),
            files(Map.of("a", row(2, "ann"), "b", row(2, "bob"))));

    assertThat(findings.lost()).isEqualTo(1);
    assertThat(findings.doubled()).isEqualTo(1);
  }

  @Test
  void a_row_that_is_not_there_loses_all_its_events() {
    Findings findings = Audit.compare(files(Map.of("a", row(3, "ann"))), files(Map.of()));

    assertThat(findings.lost()).isEqualTo(3);
    assertThat(findings.differences())
        .containsExactly(new Difference("files", "a", "(row)", row(3, "ann").toString(), "no row"));
  }

  @Test
  void a_row_that_nobody_expects_is_found() {
    Findings findings = Audit.compare(files(Map.of()), files(Map.of("a", row(2, "ann"))));

    assertThat(findings.doubled()).isEqualTo(2);
    assertThat(findings.differences()).extracting(Difference::expected).containsExactly("no row");
  }

  @Test
  void a_column_that_counts_nothing_is_compared_too() {
    Findings findings =
        Audit.compare(files(Map.of("a", row(3, "ann"))), files(Map.of("a", row(3, "bob"))));

    assertThat(findings.lost() + findings.doubled()).isZero();
    assertThat(findings.differences())
        .containsExactly(new Difference("files", "a", "last_author", "ann", "bob"));
    assertThat(findings.isClean()).isFalse();
  }

  @Test
  void an_event_that_all_its_directories_lack_is_lost_once() {
    Findings findings =
        Audit.compare(
            directories(Map.of("", List.of(2L, 1L), "a", List.of(2L, 1L), "a/b", List.of(2L, 1L))),
            directories(Map.of("", List.of(1L, 1L), "a", List.of(1L, 1L), "a/b", List.of(1L, 1L))));

    assertThat(findings.lost()).isEqualTo(1);
    assertThat(findings.differences()).hasSize(3);
  }

  private static Table files(Map<String, List<Object>> rows) {
    return new Table(Shape.FILES, new TreeMap<>(rows));
  }

  private static Table directories(Map<String, List<Object>> rows) {
    return new Table(Shape.DIRECTORIES, new TreeMap<>(rows));
  }

  private static List<Object> row(long changes, String lastAuthor) {
    return List.of(true, changes, lastAuthor, Instant.EPOCH);
  }
}
