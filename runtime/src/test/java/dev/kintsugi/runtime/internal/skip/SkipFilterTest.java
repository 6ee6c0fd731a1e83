package dev.kintsugi.runtime.internal.skip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipReason;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SkipFilterTest {

  @Test
  void a_filter_reads_as_a_part_of_a_sentence() {
    assertThat(SkipFilter.any()).hasToString("records");
    assertThat(
            SkipFilter.any()
                .inStream("File|a")
                .onlyParked()
                .because(SkipReason.FAILED, SkipReason.BEHIND)
                .olderThan(Duration.ofHours(1)))
        .hasToString(
            "parked records of stream 'File|a', recorded as [FAILED, BEHIND], older than PT1H");
    assertThat(SkipFilter.any().notParked()).hasToString("not parked records");
  }

  @Test
  void a_negative_age_is_refused() {
    assertThatThrownBy(() -> SkipFilter.any().olderThan(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an age can't be negative: PT-1S");
  }

  @Test
  void an_id_is_read_back_as_it_is_written() {
    SkipId id = new SkipId(3, 1234);

    assertThat(id).hasToString("3-1234");
    assertThat(SkipId.parse("3-1234")).isEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "3",
        "3-",
        "-4",
        "3-x",
        "3-1234 ",
        "3-1-2",
        "99999999999-1",
        "1-9999999999999999999"
      })
  void what_is_no_id_is_refused_by_an_error_that_shows_one(String text) {
    assertThatThrownBy(() -> SkipId.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "' names no skip record")
        .hasMessageContaining("3-1234");
  }
}
