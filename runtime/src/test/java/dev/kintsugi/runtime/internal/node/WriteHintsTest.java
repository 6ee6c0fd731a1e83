package dev.kintsugi.runtime.internal.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.internal.event.EventRow;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WriteHintsTest {

  private final WriteHints hints = new WriteHints();

  @Test
  void a_hint_names_each_stream_once() {
    List<Set<String>> heard = new ArrayList<>();
    hints.subscribe(heard::add);
    hints.committed(List.of(event("a", 1), event("b", 1), event("a", 2)));
    assertThat(heard).containsExactly(Set.of("a", "b"));
  }

  @Test
  void a_listener_that_fails_fails_neither_the_writer_nor_the_other_listeners() {
    List<Set<String>> heard = new ArrayList<>();
    hints.subscribe(
        streams -> {
          throw new IllegalStateException("not now");
        });
    hints.subscribe(heard::add);
    hints.committed(List.of(event("a", 1)));
    assertThat(heard).containsExactly(Set.of("a"));
  }

  private static NewEvent event(String persistenceId, long sequenceNumber) {
    return new NewEvent(
        new EventRow(
            0,
            persistenceId,
            sequenceNumber,
            "writer",
            0,
            "",
            new SerializedPayload(1, "", new byte[0]),
            null),
        Set.of(),
        List.of("event"));
  }
}
