package dev.kintsugi.runtime.internal.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.skip.SkipFilter;
import org.junit.jupiter.api.Test;

/** Texts that people give: what can't be stored is replaced where people read it. */
class RequestTest {

  private static final String HALF = "abc\ud83d\0";

  @Test
  void who_asks_and_why_is_stored_with_a_replacement_for_what_can_not_be() {
    assertThat(new ChangeRequest(HALF, HALF))
        .isEqualTo(new ChangeRequest("abc\ufffd\ufffd", "abc\ufffd\ufffd"));
    assertThat(new RebuildRequest("files", 1, false, true, HALF, HALF))
        .isEqualTo(
            new RebuildRequest("files", 1, false, true, "abc\ufffd\ufffd", "abc\ufffd\ufffd"));
  }

  @Test
  void a_filter_by_a_stream_that_can_not_be_is_refused() {
    assertThatThrownBy(() -> SkipFilter.any().inStream(HALF))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the filter's persistence id can't be stored")
        .hasMessageContaining("surrogate");
  }
}
