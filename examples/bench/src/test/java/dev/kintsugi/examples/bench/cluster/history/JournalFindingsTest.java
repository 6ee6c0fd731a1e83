package dev.kintsugi.examples.bench.cluster.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class JournalFindingsTest {

  private static StoredChange event(long number, String commit) {
    return new StoredChange("File|a", number, commit);
  }

  private static final List<StoredChange> ACKNOWLEDGED = List.of(event(1, "c1"), event(2, "c2"));

  @Test
  void a_journal_that_holds_what_was_acknowledged_is_clean() {
    assertThat(JournalFindings.compare(ACKNOWLEDGED, ACKNOWLEDGED))
        .isEqualTo(new JournalFindings(2, 0, 0, 0));
  }

  @Test
  void an_acknowledged_event_that_is_not_there_is_lost() {
    assertThat(JournalFindings.compare(List.of(event(1, "c1")), ACKNOWLEDGED))
        .isEqualTo(new JournalFindings(1, 1, 0, 0));
  }

  @Test
  void an_acknowledged_event_with_the_contents_of_another_one_is_lost() {
    assertThat(JournalFindings.compare(List.of(event(1, "c1"), event(2, "c3")), ACKNOWLEDGED))
        .isEqualTo(new JournalFindings(2, 1, 0, 1));
  }

  @Test
  void a_commit_that_a_stream_has_twice_is_doubled() {
    assertThat(
            JournalFindings.compare(
                List.of(event(1, "c1"), event(2, "c2"), event(3, "c2")), ACKNOWLEDGED))
        .isEqualTo(new JournalFindings(3, 0, 1, 1));
  }

  @Test
  void one_commit_in_two_streams_is_not_doubled() {
    List<StoredChange> both =
        List.of(new StoredChange("File|a", 1, "c1"), new StoredChange("File|b", 1, "c1"));

    assertThat(JournalFindings.compare(both, both)).isEqualTo(new JournalFindings(2, 0, 0, 0));
  }
}
