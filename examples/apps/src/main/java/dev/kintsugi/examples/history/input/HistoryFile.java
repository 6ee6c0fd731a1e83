package dev.kintsugi.examples.history.input;

import dev.kintsugi.examples.common.BadInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The packed format: one change a line, the oldest commit first, in UTF-8. A file is read as a
 * whole or not at all.
 */
public final class HistoryFile {

  private static final String PACKED = "/history/pekko-history.tsv.gz";

  private HistoryFile() {}

  /** The history that comes with the example. */
  public static List<HistoryLine> ofTheExample() throws BadInputException {
    try (InputStream in = HistoryFile.class.getResourceAsStream(PACKED)) {
      if (in == null) {
        throw new IllegalStateException(PACKED + " is not on the class path");
      }
      return read(PACKED, new GZIPInputStream(in));
    } catch (IOException e) {
      throw new UncheckedIOException(PACKED + " can't be read", e);
    }
  }

  /**
   * Reads a file of the user's own, compressed if its name ends in {@code .gz}.
   *
   * @throws BadInputException if it can't be read, or at its first line that is malformed
   */
  public static List<HistoryLine> read(Path file) throws BadInputException {
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      return read(file.toString(), in);
    } catch (NoSuchFileException e) {
      throw new BadInputException(file + ": there is no such file", e);
    } catch (ZipException e) {
      throw new BadInputException(file + ": expected gzip, as the name says: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new BadInputException(file + " can't be read: " + e.getMessage(), e);
    }
  }

  /** Splits into lines before it decodes, so that a wrong byte is reported with its line. */
  static List<HistoryLine> read(String source, InputStream in)
      throws BadInputException, IOException {
    LineParser parser = new LineParser(source);
    List<HistoryLine> lines = new ArrayList<>();
    BufferedReader bytes =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1));
    for (String line = bytes.readLine(); line != null; line = bytes.readLine()) {
      int number = lines.size() + 1;
      lines.add(parser.packed(number, decode(parser, number, line)));
    }
    return lines;
  }

  private static String decode(LineParser parser, int number, String bytes)
      throws BadInputException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException e) {
      throw parser.malformed(number, "UTF-8", "bytes that are none");
    }
  }
}
