package dev.kintsugi.examples.history.display;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineOutputTest {

  private final List<String> lines = new ArrayList<>();
  private final LineOutput output = new LineOutput(StandardCharsets.UTF_8, lines::add);

  @Test
  void whole_lines_are_handed_on_and_the_rest_when_closed() throws IOException {
    output.write("WARN one\r\nWARN zw\u00f6lf\nrest".getBytes(StandardCharsets.UTF_8));

    assertThat(lines).containsExactly("WARN one", "WARN zw\u00f6lf");

    output.close();

    assertThat(lines).containsExactly("WARN one", "WARN zw\u00f6lf", "rest");
  }
}
