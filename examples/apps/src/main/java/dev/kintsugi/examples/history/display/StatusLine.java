package dev.kintsugi.examples.history.display;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What is said of one thing, the import or a projection, in a line. */
record StatusLine(String name, String phase, double progress, double rate, String remark) {

  /** A line for the import, then one for each projection. */
  static List<StatusLine> of(Snapshot snapshot) {
    List<StatusLine> lines = new ArrayList<>();
    lines.add(of(snapshot.imported()));
    snapshot.projections().forEach(projection -> lines.add(of(projection)));
    return lines;
  }

  private static StatusLine of(Snapshot.Import imported) {
    return new StatusLine(
        "import",
        imported.stored() < imported.total() ? "writing" : "done",
        imported.progress(),
        imported.rate(),
        "%s of %s".formatted(count(imported.stored()), count(imported.total())));
  }

  private static StatusLine of(Snapshot.ProjectionState projection) {
    return new StatusLine(
        projection.name(),
        "g%d %s".formatted(projection.generation(), projection.phase()),
        projection.progress(),
        projection.rate(),
        remark(projection));
  }

  private static String remark(Snapshot.ProjectionState projection) {
    Stream<String> open = Stream.of(count(projection.open()) + " open");
    Stream<String> parked =
        Stream.of(count(projection.parked()) + " parked").filter(any -> projection.parked() > 0);
    Stream<String> holder = projection.waitsFor().stream().limit(1).map(who -> "waits for " + who);
    return Stream.of(open, parked, holder)
        .flatMap(part -> part)
        .reduce((a, b) -> a + ", " + b)
        .orElse("");
  }

  String percent() {
    return (int) (progress * 100) + " %";
  }

  String ratePerSecond() {
    return count(Math.round(rate)) + "/s";
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}
