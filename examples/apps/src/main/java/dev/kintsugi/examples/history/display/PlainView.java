package dev.kintsugi.examples.history.display;

import java.io.PrintStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A line every two seconds, and one whenever a projection goes into another phase. */
final class PlainView implements StatusView {

  private static final Duration PERIOD = Duration.ofSeconds(2);

  private final PrintStream out;
  private final Map<String, String> phases = new HashMap<>();
  private Duration nextLine = PERIOD;

  PlainView(PrintStream out) {
    this.out = out;
  }

  @Override
  public void show(Snapshot snapshot) {
    List<StatusLine> lines = StatusLine.of(snapshot);
    if (snapshot.elapsed().compareTo(nextLine) >= 0) {
      nextLine = snapshot.elapsed().plus(PERIOD);
      print(snapshot, lines.stream().map(PlainView::inText).collect(Collectors.joining("; ")));
      lines.forEach(line -> phases.put(line.name(), line.phase()));
    } else {
      for (StatusLine line : lines) {
        if (!line.phase().equals(phases.put(line.name(), line.phase()))) {
          print(snapshot, inText(line));
        }
      }
    }
  }

  private static String inText(StatusLine line) {
    return String.join(
        ", ",
        line.name() + " " + line.phase() + " " + line.percent(),
        line.ratePerSecond(),
        line.remark());
  }

  private void print(Snapshot snapshot, String text) {
    out.printf(Locale.ROOT, "%6.1f s  %s%n", snapshot.elapsed().toMillis() / 1000.0, text);
  }

  @Override
  public void close() {
    out.flush();
  }
}
