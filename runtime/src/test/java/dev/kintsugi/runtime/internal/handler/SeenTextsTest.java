package dev.kintsugi.runtime.internal.handler;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SeenTextsTest {

  private final SeenTexts seen = new SeenTexts();

  @Test
  void a_text_is_seen_once_it_was_added() {
    assertThat(seen.contains("SELECT 1")).isFalse();
    seen.add("SELECT 1");
    assertThat(seen.contains("SELECT 1")).isTrue();
    assertThat(seen.contains("SELECT 2")).isFalse();
  }

  @Test
  void of_ever_new_texts_it_keeps_so_many() {
    for (int i = 0; i < 3 * SeenTexts.KEPT; i++) {
      seen.add("SELECT " + i);
      assertThat(seen.contains("SELECT " + i)).isTrue();
      assertThat(seen.size()).isLessThanOrEqualTo(SeenTexts.KEPT);
    }
  }

  @Test
  void it_keeps_no_long_ones() {
    String text = "x".repeat(SeenTexts.LONGEST);
    seen.add(text);
    seen.add(text + "x");
    assertThat(seen.contains(text)).isTrue();
    assertThat(seen.contains(text + "x")).isFalse();
  }
}
