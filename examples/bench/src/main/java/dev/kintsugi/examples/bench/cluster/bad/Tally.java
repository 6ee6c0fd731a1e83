package dev.kintsugi.examples.bench.cluster.bad;

import dev.kintsugi.examples.common.TextTable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What came back, by what was wrong. Any thread may add to it. */
final class Tally {

  private static final int SHOWN = 200;
  private static final int EXAMPLES = 20;

  private final Map<Badness, SortedMap<Integer, Integer>> statuses = new EnumMap<>(Badness.class);
  private final Map<Badness, Integer> violations = new EnumMap<>(Badness.class);
  private final List<String> examples = new ArrayList<>();
  private int sent;
  private int byLibrary;

  synchronized void add(Badness badness, Request request, Answer answer, boolean library) {
    sent++;
    byLibrary += library ? 1 : 0;
    statuses
        .computeIfAbsent(badness, first -> new TreeMap<>())
        .merge(answer.status(), 1, Integer::sum);
    Verdict.on(badness, request, answer)
        .ifPresent(
            wrong -> {
              violations.merge(badness, 1, Integer::sum);
              if (examples.size() < EXAMPLES) {
                examples.add(
                    "%s: %s%n  %s%n  %s %s %s"
                        .formatted(
                            badness,
                            wrong,
                            shown(request),
                            answer.shown(),
                            answer.contentType(),
                            cut(answer.body())));
              }
            });
  }

  private static String shown(Request request) {
    return cut(new String(request.bytes(), java.nio.charset.StandardCharsets.ISO_8859_1));
  }

  private static String cut(String text) {
    String line = text.replace("\r\n", " | ").replaceAll("\\p{Cntrl}", "?");
    return line.length() > SHOWN * 2
        ? line.substring(0, SHOWN) + " ... " + line.substring(line.length() - SHOWN)
        : line;
  }

  synchronized int sent() {
    return sent;
  }

  synchronized int byLibrary() {
    return byLibrary;
  }

  synchronized int violations() {
    return violations.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** The first violations, for people. */
  synchronized List<String> examples() {
    return List.copyOf(examples);
  }

  /** What was wrong, how often, and what came back. */
  synchronized List<String> lines() {
    TextTable table = new TextTable("what is wrong", "sent", "answered", "violations");
    statuses.forEach(
        (badness, counts) ->
            table.row(
                badness,
                counts.values().stream().mapToInt(Integer::intValue).sum(),
                counts.entrySet().stream()
                    .map(e -> Answer.shown(e.getKey()) + " x " + e.getValue())
                    .collect(Collectors.joining(", ")),
                violations.getOrDefault(badness, 0)));
    return table.lines();
  }
}
