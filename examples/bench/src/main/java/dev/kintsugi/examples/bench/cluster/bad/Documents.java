package dev.kintsugi.examples.bench.cluster.bad;

import java.util.List;

/** What is wrong with the JSON of a change. */
final class Documents {

  private static final String WHY = "\"reason\": \"no good one\"";

  private Documents() {}

  static Request malformed(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    String good = scene.changes().getOrDefault(target, "");
    String word = pick.word();
    return Request.post(
        target,
        pick.of(
            "",
            " ",
            good.substring(0, pick.between(1, good.length() - 1)),
            good.substring(pick.between(1, good.length() - 1)),
            good + pick.of("}", ",", "{}", good, word, "null", "\u0000"),
            good.replace("\"", "'"),
            good.replace(":", "="),
            good.replace("}", ",}"),
            good.replace("{", "{,"),
            good.replace("\"reason\"", "reason"),
            good.replace("good", "g\nood"),
            good.replace("good", "g\u0000ood"),
            good.replace("good", "g\\xood"),
            good.replace("good", "g\\u00"),
            "// " + word + "\n" + good,
            good + " /* " + word + " */",
            "\ufeff" + good,
            "[" + good,
            word,
            "<reason>" + word + "</reason>",
            "reason=" + word,
            "{\"reason\": NaN}",
            "{\"reason\": undefined}",
            "{" + WHY + ", \"requestedBy\": \"" + word));
  }

  static Request wrongType(Pick pick, Scene scene) {
    String wrong = pick.of("1", "-1.5", "true", "[]", "[\"a\"]", "{}", "{\"a\": 1}", "null");
    return switch (pick.between(0, 5)) {
      case 0 ->
          Request.post(
              scene.changing(pick),
              pick.of("null", "1", "true", "\"reason\"", "[]", "[{" + WHY + "}]", "{}", "[null]"));
      case 1 -> Request.post(scene.path("/pause"), "{\"reason\": " + wrong + "}");
      case 2 ->
          Request.post(
              scene.path("/resume"),
              "{%s, \"requestedBy\": %s}".formatted(WHY, wrong.equals("null") ? "\"\"" : wrong));
      case 3 ->
          Request.post(
              scene.path("/rate"),
              "{%s, \"eventsPerSecond\": %s}".formatted(WHY, wrong.equals("1") ? "\"1\"" : wrong));
      case 4 ->
          filter(pick, scene, "\"dryRun\": " + pick.of("1", "\"true\"", "[]", "{}", "\"\""), "{}");
      default -> filter(pick, scene, "\"requestedBy\": null", badFilter(pick));
    };
  }

  private static Request filter(Pick pick, Scene scene, String more, String filter) {
    return Request.post(
        scene.path(pick.of("/skips/retry", "/skips/discard")),
        "{%s, %s, \"filter\": %s}".formatted(WHY, more, filter));
  }

  private static String badFilter(Pick pick) {
    return pick.of(
        "null",
        "1",
        "\"\"",
        "\"parked\"",
        "[]",
        "[{}]",
        "true",
        "{\"parked\": 1}",
        "{\"parked\": \"true\"}",
        "{\"parked\": []}",
        "{\"reasons\": \"FAILED\"}",
        "{\"reasons\": [null]}",
        "{\"reasons\": [\"FAILED\", null]}",
        "{\"reasons\": [0]}",
        "{\"reasons\": [\"0\"]}",
        "{\"reasons\": [\"\"]}",
        "{\"reasons\": [\"failed\"]}",
        "{\"reasons\": [\"BORED\"]}",
        "{\"reasons\": [[\"FAILED\"]]}",
        "{\"reasons\": {}}",
        "{\"reasons\": \"\"}",
        "{\"stream\": 1}",
        "{\"stream\": []}",
        "{\"stream\": \"a\\u0000b\"}",
        "{\"stream\": \"\\ud800\"}",
        "{\"olderThan\": 5}",
        "{\"olderThan\": \"\"}",
        "{\"olderThan\": \"1h\"}",
        "{\"olderThan\": \"-PT1H\"}",
        "{\"olderThan\": \"P999999999D\"}",
        "{\"olderThan\": \"PT" + "9".repeat(40) + "S\"}",
        "{\"olderThan\": {}}",
        "{\"" + pick.word() + "\": 1}");
  }

  static Request unknownField(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    String good = scene.changes().getOrDefault(target, "");
    String field =
        pick.of(
            pick.word(), "Reason", "", "__proto__", "reason\\u0000", "@class", "$ref", "dry_run");
    String value = pick.of("1", "null", "\"" + pick.word() + "\"", "[]", "{}", "{\"a\": [1, 2]}");
    return Request.post(target, "{\"" + field + "\": " + value + ", " + good.substring(1));
  }

  static Request duplicateKey(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    String good = scene.changes().getOrDefault(target, "");
    return Request.post(
        target,
        "{"
            + pick.of(
                "\"reason\": \"" + pick.word() + "\"",
                "\"reason\": null",
                "\"reas\\u006fn\": \"x\"",
                WHY)
            + ", "
            + good.substring(1));
  }

  static Request deep(Pick pick, Scene scene) {
    int depth = pick.between(1_001, 30_000);
    String open = pick.of("[", "{\"a\":");
    String close = open.equals("[") ? "]" : "}";
    int levels = open.equals("[") ? depth : depth / 5;
    String deep = open.repeat(levels) + (open.equals("[") ? "" : "1") + close.repeat(levels);
    return Request.post(
        scene.changing(pick),
        pick.of(
            deep,
            open.repeat(levels),
            "{\"reason\": " + deep + "}",
            "{" + WHY + ", \"filter\": " + deep + "}",
            "{" + WHY + ", \"" + pick.word() + "\": " + deep + "}"));
  }

  static Request number(Pick pick, Scene scene) {
    String number =
        pick.of(
            "-1",
            "1.0",
            "0.5",
            "1e3",
            "1e999999999",
            "-1e-999999999",
            "2147483648",
            "-2147483649",
            "9".repeat(pick.between(20, 20_000)),
            "0." + "9".repeat(pick.between(20, 20_000)),
            "1e" + "9".repeat(pick.between(5, 2_000)),
            "01",
            "+1",
            "0x10",
            "1_000",
            ".5",
            "5.",
            "NaN",
            "-Infinity",
            "--1",
            "\u0661",
            "\"5\"",
            "null");
    return Request.post(
        scene.path("/rate"), "{%s, \"eventsPerSecond\": %s}".formatted(WHY, number));
  }

  static Request text(Pick pick, Scene scene) {
    String bad =
        pick.of(
            List.of(
                "",
                " ",
                "\\t\\n",
                "\\u0000",
                "a\\u0000b",
                "\\ud800",
                "a\\udc00b",
                "\\udc00\\ud800",
                "x".repeat(pick.between(1_001, 30_000)),
                "\\u2028".repeat(3)));
    return pick.between(0, 1) == 0 && !bad.isBlank()
        ? Request.post(
            scene.path(pick.of("/pause", "/rebuild")),
            "{%s, \"requestedBy\": \"%s\"}".formatted(WHY, bad))
        : Request.post(scene.path(pick.of("/pause", "/rebuild")), "{\"reason\": \"" + bad + "\"}");
  }
}
