package dev.kintsugi.runtime.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.RejectedNumber;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the journal remembers of rejected events, and for how long. */
class RejectionsTest {

  private final Rejections rejections = new Rejections();

  private static NewEvent event(String stream, long number, String writer) {
    return new NewEvent(
        new EventRow(
            0, stream, number, writer, 0, "", new SerializedPayload(20, "", new byte[0]), null),
        Set.of(),
        List.of("event"));
  }

  private List<Long> before(String stream, long number, String writer) {
    return rejections.before(List.of(event(stream, number, writer))).stream()
        .map(RejectedNumber::sequenceNumber)
        .toList();
  }

  private void reject(String stream, String writer, long... numbers) {
    for (long number : numbers) {
      rejections.add(List.of(event(stream, number, writer)));
    }
  }

  @Test
  void the_numbers_before_an_event_are_its_gap_and_are_forgotten_when_it_is_stored() {
    reject("a", "x", 3, 4, 6, 8);

    assertThat(before("a", 7, "x")).containsExactly(3L, 4L, 6L);
    assertThat(before("a", 3, "x")).isEmpty();
    assertThat(before("b", 7, "x")).isEmpty();
    rejections.stored(List.of(event("a", 7, "x")));

    assertThat(before("a", 9, "x")).containsExactly(8L);
    rejections.stored(List.of(event("a", 9, "x")));
    assertThat(rejections.size()).isZero();
  }

  @Test
  void an_event_in_the_middle_of_what_was_rejected_leaves_the_rest() {
    reject("a", "x", 3, 4, 5, 6, 7);

    rejections.stored(List.of(event("a", 5, "x")));

    assertThat(before("a", 8, "x")).containsExactly(5L, 6L, 7L);
  }

  @Test
  void another_incarnation_leaves_no_gap_of_the_one_before_it() {
    reject("a", "x", 3);

    assertThat(before("a", 4, "next")).isEmpty();
    rejections.stored(List.of(event("a", 3, "next")));
    assertThat(rejections.size()).isZero();

    reject("a", "x", 3);
    reject("a", "next", 4);
    assertThat(before("a", 5, "next")).containsExactly(4L);
  }

  @Test
  void an_actor_that_starts_again_is_told_apart_by_nothing_that_is_left() {
    reject("a", "x", 3);
    rejections.forget("a");

    assertThat(rejections.size()).isZero();
    assertThat(before("a", 4, "x")).isEmpty();
  }

  @Test
  void of_streams_that_are_heard_of_no_more_the_latest_are_kept() {
    reject("first", "x", 1);
    reject("second", "x", 1);
    for (int i = 2; i < Rejections.KEPT; i++) {
      reject("s" + i, "x", 1);
    }
    reject("first", "x", 2); // is the latest now
    reject("one more", "x", 1);

    assertThat(rejections.size()).isEqualTo(Rejections.KEPT);
    assertThat(before("first", 3, "x")).containsExactly(1L, 2L);
    assertThat(before("second", 2, "x")).as("the eldest").isEmpty();
  }
}
