package dev.kintsugi.examples.bench.kill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AckFileTest {

  private static final Ack FIRST = new Ack("kill-1", 1, "kill-1, event 1 of writer 1 ...");
  private static final Ack SECOND = new Ack("kill-1", 2, "kill-1, event 2 of writer 1 ...");

  @TempDir private Path directory;

  @Test
  void what_was_appended_is_read_in_order() throws IOException {
    Path path = directory.resolve("acks");
    try (AckFile file = AckFile.appendTo(path)) {
      file.append(FIRST);
      file.append(SECOND);

      assertThat(AckFile.read(path)).containsExactly(FIRST, SECOND);
      assertThat(AckFile.count(path)).isEqualTo(2);
    }
  }

  @Test
  void a_last_line_that_was_torn_is_not_read_even_if_it_looks_whole() throws IOException {
    Path path = directory.resolve("acks");
    Files.writeString(path, FIRST.line() + SECOND.line().stripTrailing());

    assertThat(AckFile.read(path)).containsExactly(FIRST);
    assertThat(AckFile.count(path)).isEqualTo(1);
  }

  @Test
  void a_line_in_the_middle_that_is_none_is_refused() throws IOException {
    Path path = directory.resolve("acks");
    Files.writeString(path, "kill-1\t\n" + FIRST.line());

    assertThatThrownBy(() -> AckFile.read(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("holds the line");
  }

  @Test
  void a_writer_that_has_not_begun_has_acknowledged_nothing() throws IOException {
    assertThat(AckFile.read(directory.resolve("none"))).isEmpty();
    assertThat(AckFile.count(directory.resolve("none"))).isZero();
  }
}
