package dev.kintsugi.examples.history.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.examples.common.BadInputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFileTest {

  private static final String GOOD = "0a31ad7188\t1234788790\tb2163f25\tA\tapi/pom.xml\n";

  @TempDir Path directory;

  @Test
  void the_examples_own_history_is_read_as_a_whole() throws Exception {
    List<HistoryLine> lines = HistoryFile.ofTheExample();

    assertThat(lines).hasSize(196_027);
    assertThat(lines.get(2))
        .isEqualTo(
            new HistoryLine(
                "0a31ad7188",
                Instant.ofEpochSecond(1234788790),
                "b2163f25",
                ChangeKind.ADDED,
                "api-java/pom.xml"));
  }

  @Test
  void a_path_that_git_has_quoted_is_unquoted() throws Exception {
    assertThat(read("c\t1\ta\tM\t\"a\\tb/\\\"s\\303\\274b\\\\dir\\\"\"\n"))
        .extracting(HistoryLine::path)
        .containsExactly("a\tb/\"süb\\dir\"");
  }

  @Test
  void a_malformed_line_is_refused_with_its_number() {
    assertThatThrownBy(() -> read(GOOD + GOOD + "c\t1\ta\tA\n"))
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "lines.tsv, line 3: expected 5 fields with tabs between them (commit, commit time,"
                + " author, kind, path), found 4");
  }

  @Test
  void each_field_is_refused_with_what_was_expected() {
    assertRefused("\t1\ta\tA\tp\n", "line 1: expected a commit, found nothing");
    assertRefused("c\t1\t\tA\tp\n", "line 1: expected an author, found nothing");
    assertRefused("c\t1\ta\tA\t\n", "line 1: expected a path, found nothing");
    assertRefused("c\t1\ta\tA\t/p\n", "line 1: expected a path from the repository's root");
    assertRefused("c\t1\ta\tA\ta\0b\n", "line 1: expected a path, found text with a NUL in it");
    assertRefused("c\t1\ta\tA\t\"p\n", "line 1: expected a path in quotes to end with a quote");
    assertRefused("c\t1\ta\tA\t\"\\x\"\n", "line 1: expected a path in quotes");
    assertRefused("c\tnow\ta\tA\tp\n", "line 1: expected the commit time in seconds since 1970");
    assertRefused("c\t-1\ta\tA\tp\n", "line 1: expected the commit time");
    assertRefused("c\t253402300800\ta\tA\tp\n", "line 1: expected the commit time");
    assertRefused("c\t1\ta\tR100\tp\n", "line 1: expected one of the kinds A, M, D and T");
    assertRefused("\n", "line 1: expected 5 fields");
  }

  @Test
  void a_byte_that_is_no_text_is_refused_with_its_line() {
    byte[] bytes = (GOOD + "c\t1\ta\tA\tp\u00ff\n").getBytes(StandardCharsets.ISO_8859_1);

    assertThatThrownBy(() -> HistoryFile.read("lines.tsv", new ByteArrayInputStream(bytes)))
        .isInstanceOf(BadInputException.class)
        .hasMessage("lines.tsv, line 2: expected UTF-8, found bytes that are none");
  }

  @Test
  void a_compressed_file_is_told_by_its_name() throws Exception {
    Path file = directory.resolve("lines.tsv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(GOOD.getBytes(StandardCharsets.UTF_8));
    }

    assertThat(HistoryFile.read(file)).hasSize(1);
  }

  @Test
  void a_file_that_is_not_what_its_name_says_is_refused() throws IOException {
    Path file = Files.writeString(directory.resolve("lines.tsv.gz"), GOOD);

    assertThatThrownBy(() -> HistoryFile.read(file))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith(file + ": expected gzip, as the name says");
  }

  @Test
  void a_file_that_is_not_there_is_refused_in_one_line() {
    assertThatThrownBy(() -> HistoryFile.read(Path.of("no-such.tsv")))
        .isInstanceOf(BadInputException.class)
        .hasMessage("no-such.tsv: there is no such file");
  }

  private static void assertRefused(String line, String why) {
    assertThatThrownBy(() -> read(line))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(why);
  }

  private static List<HistoryLine> read(String lines) throws Exception {
    return HistoryFile.read(
        "lines.tsv", new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
  }
}
