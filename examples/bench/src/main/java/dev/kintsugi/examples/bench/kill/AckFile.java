package dev.kintsugi.examples.bench.kill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a writer notes what it was told is stored, a line each. The operating system has a line as
 * soon as {@link #append} returns, so it outlives the writer; the last one may be torn.
 */
final class AckFile implements AutoCloseable {

  private final FileChannel file;

  private AckFile(FileChannel file) {
    this.file = file;
  }

  static AckFile appendTo(Path path) throws IOException {
    return new AckFile(
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
  }

  /** Any thread may append. */
  synchronized void append(Ack ack) {
    ByteBuffer line = ByteBuffer.wrap(ack.line().getBytes(StandardCharsets.UTF_8));
    try {
      while (line.hasRemaining()) {
        file.write(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * All whole lines of a file. The last one counts only with its end: what was torn off may be part
   * of its text.
   *
   * @throws IOException if the file can't be read, or a line before the last is no {@link Ack}
   */
  static List<Ack> read(Path path) throws IOException {
    List<Ack> acks = new ArrayList<>();
    if (!Files.exists(path)) {
      return acks;
    }
    String text = Files.readString(path);
    int from = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      String line = text.substring(from, end);
      acks.add(
          Ack.parse(line).orElseThrow(() -> new IOException(path + " holds the line " + line)));
      from = end + 1;
    }
    return acks;
  }

  /** How many whole lines a file has by now; none if it is not there yet. */
  static long count(Path path) throws IOException {
    if (!Files.exists(path)) {
      return 0;
    }
    long lines = 0;
    for (byte b : Files.readAllBytes(path)) {
      lines += b == '\n' ? 1 : 0;
    }
    return lines;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
