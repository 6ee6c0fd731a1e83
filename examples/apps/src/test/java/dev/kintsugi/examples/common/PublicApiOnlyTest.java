package dev.kintsugi.examples.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What readers copy from the examples they may use. */
class PublicApiOnlyTest {

  @Test
  void no_example_names_an_internal_package() throws Exception {
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      assertThat(sources).isNotEmpty();
      assertThat(sources).filteredOn(PublicApiOnlyTest::namesInternals).isEmpty();
    }
  }

  private static boolean namesInternals(Path source) {
    try (Stream<String> lines = Files.lines(source)) {
      return lines.anyMatch(
          line -> line.contains("dev.kintsugi.") && line.contains(".internal" + "."));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
