package dev.kintsugi.projections.internal.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StorableTextTest {

  private static final String SMILE = "😀";

  @ParameterizedTest
  @ValueSource(strings = {"", "abc", "ü€", "abc😀", "😀😀", "\uFFFF", "\uFFFD"})
  void what_is_a_text_to_PostgreSQL_stays_as_it_is(String text) {
    assertThat(StorableText.isStorable(text)).isTrue();
    assertThat(StorableText.fault(text)).isEmpty();
    assertThat(StorableText.checked(text, "the key")).isSameAs(text);
    assertThat(StorableText.repaired(text)).isSameAs(text);
  }

  @Test
  void half_a_pair_is_refused_wherever_it_is() {
    String high = SMILE.substring(0, 1);
    String low = SMILE.substring(1);
    for (String text :
        new String[] {
          high, low, "abc" + high, low + "abc", high + high, low + high, SMILE + low, high + SMILE
        }) {
      assertThat(StorableText.isStorable(text)).as("%x", (int) text.charAt(0)).isFalse();
      assertThat(StorableText.isStorable(StorableText.repaired(text))).isTrue();
      assertThat(StorableText.repaired(text)).hasSameSizeAs(text);
    }
    assertThatThrownBy(() -> StorableText.checked("abc" + high, "the key"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the key can't be stored: it has half of a surrogate pair (U+D83D) at index 3, which is no character. It reads 'abc\uFFFD'");
  }

  @Test
  void a_NUL_is_refused() {
    assertThatThrownBy(() -> StorableText.checked("a\0b", "the tag"))
        .hasMessageContaining("the tag can't be stored: it has a NUL at index 1");
    assertThat(StorableText.repaired("a\0b")).isEqualTo("a\uFFFDb");
  }

  @Test
  void a_text_is_never_cut_within_a_pair() {
    assertThat(StorableText.shortened("abc", 3)).isEqualTo("abc");
    assertThat(StorableText.shortened("abcd", 3)).isEqualTo("abc…");
    assertThat(StorableText.shortened("ab" + SMILE + "c", 3)).isEqualTo("ab…");
    assertThat(StorableText.shortened("ab" + SMILE + "c", 4)).isEqualTo("ab" + SMILE + "…");
  }

  @Test
  void bytes_are_those_of_utf_8() {
    for (String text : List.of("", "abc", "äß", "\u07ff\u0800€\uffff", SMILE, "a" + SMILE + "ü")) {
      assertThat(StorableText.bytes(text))
          .as(text)
          .isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
    }
  }
}
