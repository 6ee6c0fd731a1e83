package dev.kintsugi.projections.internal.bulk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "Files", "1files", "a b", "a\"b", "other.files", "a;b", "ä"})
  void what_is_no_plain_name_is_refused(String name) {
    assertThatThrownBy(() -> Names.checked(name, "a table"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + name + "' is no name for a table");
  }

  @Test
  void a_made_name_that_is_too_long_is_cut_and_still_its_own() {
    String one = Names.fitting("a".repeat(70) + "one");
    String two = Names.fitting("a".repeat(70) + "two");

    assertThat(one).hasSize(63).isNotEqualTo(two);
    assertThat(Names.fitting("short")).isEqualTo("short");
  }
}
