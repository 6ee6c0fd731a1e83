package dev.kintsugi.examples.history.display;

import java.nio.charset.Charset;
import java.util.List;

/**
 * Status lines as they stand on a terminal: name, phase, progress bar, percent, rate and remark in
 * columns. Where it is narrow the bars go first, then the ends of the lines.
 */
record StatusBlock(int width, Bar bar) {

  private static final int LONGEST_BAR = 40;
  private static final int SHORTEST_BAR = 4;

  /** What progress bars are made of. */
  record Bar(String done, String left) {

    /** Blocks, where the terminal's character set has them. */
    static Bar in(Charset charset) {
      Bar blocks = new Bar("█", "░");
      return charset.newEncoder().canEncode(blocks.done() + blocks.left())
          ? blocks
          : new Bar("#", "-");
    }

    String draw(double progress, int length) {
      int filled = (int) (Math.min(1, Math.max(0, progress)) * length);
      return done.repeat(filled) + left.repeat(length - filled);
    }
  }

  List<String> draw(List<StatusLine> lines) {
    int widest =
        lines.stream()
            .mapToInt(line -> before(line).length() + after(line).length())
            .max()
            .orElse(0);
    int room = Math.min(LONGEST_BAR, width - widest);
    return lines.stream()
        .map(
            line ->
                room < SHORTEST_BAR
                    ? before(line) + after(line)
                    : before(line) + bar.draw(line.progress(), room) + after(line))
        .map(line -> line.substring(0, Math.min(line.length(), Math.max(0, width))))
        .toList();
  }

  private static String before(StatusLine line) {
    return "%-12s%-11s".formatted(line.name(), line.phase());
  }

  private static String after(StatusLine line) {
    return "%6s %9s  %s".formatted(line.percent(), line.ratePerSecond(), line.remark());
  }
}
