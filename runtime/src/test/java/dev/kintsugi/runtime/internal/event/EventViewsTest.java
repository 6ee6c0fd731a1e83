package dev.kintsugi.runtime.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.skip.EventView;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Events as an operator sees them. */
class EventViewsTest {

  private record Changed(String path, Instant at, Optional<String> note) {}

  private static final class Circle {
    @SuppressWarnings("unused")
    private final Circle self = this;

    @Override
    public String toString() {
      return "a \"circle\"";
    }
  }

  @Test
  void a_record_is_shown_as_json_by_its_fields() {
    EventView view = view(new Changed("a", Instant.EPOCH, Optional.of("<b>")));

    assertThat(view.json())
        .isEqualTo("{\"path\":\"a\",\"at\":\"1970-01-01T00:00:00Z\",\"note\":\"<b>\"}");
    assertThat(view.type()).isEqualTo(Changed.class.getName());
    assertThat(view.problem()).isEmpty();
    assertThat(view.writtenAt()).isEqualTo(Instant.ofEpochMilli(1000));
    assertThat(view.bytes()).isEqualTo(3);
  }

  @Test
  void what_adapters_made_of_one_event_is_shown_as_a_list() {
    assertThat(view("one", "two").json()).isEqualTo("[\"one\",\"two\"]");
    assertThat(view().json()).isEqualTo("[]");
  }

  @Test
  void an_object_that_is_no_json_is_shown_as_text_and_says_so() {
    EventView view = view(new Circle());

    assertThat(view.json()).isEqualTo("\"a \\\"circle\\\"\"");
    assertThat(view.problem()).startsWith("not to be shown as JSON: ");
  }

  @Test
  void of_an_undecodable_event_the_bytes_are_shown_if_they_are_json() {
    assertThat(undecodable("{\"a\" : 1}").json()).isEqualTo("{\"a\":1}");
    assertThat(undecodable("\u0000\u0001").json()).isEqualTo("null");
    assertThat(undecodable("{} rest").json()).isEqualTo("null");
    assertThat(undecodable("").json()).isEqualTo("null");
    assertThat(undecodable("x").problem())
        .isEqualTo("java.lang.IllegalStateException: no such class");
    assertThat(undecodable("x").type()).isEqualTo("manifest");
  }

  private static EventView view(Object... payloads) {
    EventRow row = row("123");
    return EventViews.of(row, new JournalEvent(1, "a", 2, 1000, Set.of(), List.of(payloads), null));
  }

  private static EventView undecodable(String stored) {
    return EventViews.of(
        row(stored),
        new JournalEvent(
            1, "a", 2, 1000, Set.of(), List.of(), new IllegalStateException("no such class")));
  }

  private static EventRow row(String stored) {
    return new EventRow(
        1,
        "a",
        2,
        "writer",
        1000,
        "",
        new SerializedPayload(17, "manifest", stored.getBytes(StandardCharsets.UTF_8)),
        null);
  }
}
