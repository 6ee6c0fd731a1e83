package dev.kintsugi.examples.history.display;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.List;

/**
 * Lines at the bottom of a terminal that are drawn over and over. What is written to standard error
 * meanwhile (by a logger, say) is printed above them instead of across.
 */
final class LiveView implements StatusView {

  private static final String UP = "\r\033[%dA";
  private static final String CLEAR_BELOW = "\033[J";
  private static final String CLEAR_REST_OF_LINE = "\033[K";
  private static final String HIDE_CURSOR = "\033[?25l";
  private static final String SHOW_CURSOR = "\033[?25h";

  /** A line too long, on a terminal that was made narrower since, is cut and not wrapped. */
  private static final String WRAP_OFF = "\033[?7l";

  private static final String WRAP_ON = "\033[?7h";

  private final PrintStream terminal;
  private final StatusBlock block;
  private final PrintStream standardError;
  private List<String> drawn = List.of();

  private LiveView(PrintStream terminal, StatusBlock block, PrintStream standardError) {
    this.terminal = terminal;
    this.block = block;
    this.standardError = standardError;
  }

  /** Takes the terminal, and standard error until it is closed. */
  static LiveView open(Charset charset) {
    // The last column stays free: what is written there would be cleared as the rest of the line.
    StatusBlock block = new StatusBlock(TerminalWidth.measure() - 1, StatusBlock.Bar.in(charset));
    LiveView view = new LiveView(System.out, block, System.err);
    System.setErr(new PrintStream(new LineOutput(charset, view::printAbove), true, charset));
    return view;
  }

  @Override
  public synchronized void show(Snapshot snapshot) {
    draw(List.of(), block.draw(StatusLine.of(snapshot)));
  }

  private synchronized void printAbove(String line) {
    draw(List.of(line), drawn);
  }

  /** Writes it all at once, so that a terminal never shows half of it. */
  private void draw(List<String> above, List<String> lines) {
    StringBuilder text = new StringBuilder(HIDE_CURSOR);
    if (!drawn.isEmpty()) {
      text.append(UP.formatted(drawn.size()));
    }
    for (String line : above) {
      text.append(line).append(CLEAR_REST_OF_LINE).append('\n');
    }
    text.append(WRAP_OFF);
    for (String line : lines) {
      text.append(line).append(CLEAR_REST_OF_LINE).append('\n');
    }
    terminal.print(text.append(WRAP_ON).append(CLEAR_BELOW));
    terminal.flush();
    drawn = lines;
  }

  @Override
  public void close() {
    System.err.close();
    System.setErr(standardError);
    terminal.print(SHOW_CURSOR);
    terminal.flush();
  }
}
