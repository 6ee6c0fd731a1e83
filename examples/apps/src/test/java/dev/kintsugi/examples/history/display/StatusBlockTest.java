package dev.kintsugi.examples.history.display;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusBlockTest {

  private static final StatusBlock.Bar ASCII = StatusBlock.Bar.in(StandardCharsets.US_ASCII);

  private static final List<StatusLine> LINES =
      List.of(
          new StatusLine("import", "writing", 0.5, 3412.4, "10,000 of 20,000"),
          new StatusLine("files", "g2 replay", 0.25, 12345, "120 open"));

  @Test
  void lines_stand_in_columns_with_bars_of_one_length() {
    assertThat(new StatusBlock(73, ASCII).draw(LINES))
        .containsExactly(
            "import      writing    ########--------  50 %   3,412/s  10,000 of 20,000",
            "files       g2 replay  ####------------  25 %  12,345/s  120 open");
  }

  @Test
  void bars_go_where_there_is_no_room_for_them() {
    assertThat(new StatusBlock(60, ASCII).draw(LINES))
        .containsExactly(
            "import      writing      50 %   3,412/s  10,000 of 20,000",
            "files       g2 replay    25 %  12,345/s  120 open");
  }

  @Test
  void no_line_is_ever_longer_than_the_terminal_is_wide() {
    for (int width = 0; width < 130; width++) {
      int limit = width;
      assertThat(new StatusBlock(width, ASCII).draw(LINES))
          .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(limit));
    }
  }

  @Test
  void a_bar_is_made_of_what_the_terminal_can_show() {
    assertThat(StatusBlock.Bar.in(StandardCharsets.UTF_8).draw(0.5, 4)).isEqualTo("██░░");
    assertThat(ASCII.draw(0.5, 4)).isEqualTo("##--");
  }

  @Test
  void a_bar_is_full_only_at_the_end() {
    assertThat(ASCII.draw(0.999, 10)).isEqualTo("#########-");
    assertThat(ASCII.draw(1, 10)).isEqualTo("##########");
    assertThat(ASCII.draw(-1, 10)).isEqualTo("----------");
    assertThat(ASCII.draw(7, 10)).isEqualTo("##########");
  }
}
