package dev.kintsugi.examples.history.display;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.util.function.Consumer;

/**
 * Hands on whole lines, without their ends; what is left without an end it hands on when closed.
 */
final class LineOutput extends OutputStream {

  private final Charset charset;
  private final Consumer<String> lines;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  LineOutput(Charset charset, Consumer<String> lines) {
    this.charset = charset;
    this.lines = lines;
  }

  @Override
  public synchronized void write(int b) {
    if (b == '\n') {
      handOn();
    } else if (b != '\r') {
      line.write(b);
    }
  }

  @Override
  public synchronized void close() {
    if (line.size() > 0) {
      handOn();
    }
  }

  private void handOn() {
    lines.accept(line.toString(charset));
    line.reset();
  }
}
