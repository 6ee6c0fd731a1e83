package dev.kintsugi.examples.bench.cluster.bad;

/** What is wrong with a request's path and query. */
final class Targets {

  private static final String[] MALFORMED = {
    "%", "%0", "%zz", "%g0", "%%", "%u0041", "\u00e4", "{", "}", "|", "\\", "^", "`", "<", "\"",
    "\u0001", "\u007f"
  };

  /** Well-formed, and no text of ours: other than UTF-8, or with characters that nothing stores. */
  private static final String[] NO_TEXT = {
    "%00", "%c3%28", "%ff%fe", "%ed%a0%80", "%c0%af", "%f8%a1%a1%a1%a1", "%80"
  };

  private Targets() {}

  static Request unknownPath(Pick pick, Scene scene) {
    String word = pick.word();
    return Request.of(
        pick.of("GET", "POST", "DELETE"),
        pick.of(
            "/",
            "/" + word,
            "/" + word + "/" + word,
            "/projections/",
            "/projections//",
            "/projections/ui/" + word + ".js",
            "/projections/ui/../openapi.json/" + word,
            "/projections/openapi.json/" + word,
            "//projections/" + word,
            "/projections;a=b",
            "/Projections",
            "/projectionsx",
            scene.path("/"),
            scene.path("/" + word),
            scene.path("/pause/" + word),
            scene.path("//rebuild"),
            scene.path("/skips/" + scene.skip() + "/" + word),
            scene.path("/skips/" + scene.skip() + "/retry/"),
            scene.path("/rebuilds/1/" + word)));
  }

  static Request malformedPath(Pick pick, Scene scene) {
    String bad = pick.between(0, 1) == 0 ? pick.of(MALFORMED) : pick.of(NO_TEXT);
    String word = pick.of("", pick.word());
    String target =
        pick.of(
            "/projections/" + word + bad,
            "/projections/" + bad + word + "/rebuilds",
            "/projections/" + bad + "/pause",
            "/projections/" + word + bad + "/skips/retry",
            scene.path("/skips/" + bad),
            scene.path("/skips/" + scene.skip() + bad + "/retry"),
            scene.path("/rebuilds/1" + bad),
            scene.path(bad + "/rate"),
            "/projections/ui/app.js" + bad);
    return pick.between(0, 1) == 0
        ? Request.of("GET", target)
        : Request.post(target, "{\"reason\": \"no good one\"}");
  }

  static Request malformedQuery(Pick pick, Scene scene) {
    String bad =
        pick.of("%", "%0", "%zz", "%c3%28", "%00", "%ff", "%ed%a0%80", "{", "\\", "\u0001");
    return pick.between(0, 4) == 0
        ? Request.of("DELETE", scene.path("/rebuild?reason=" + bad + pick.word()))
        : Request.of(
            "GET",
            scene.path(
                pick.of(
                    "/skips?limit=" + bad,
                    "/skips?parked=" + bad,
                    "/skips?reason=" + bad,
                    "/skips?stream=" + pick.word() + bad,
                    "/skips?olderThan=" + bad,
                    "/skips?" + bad + "=1",
                    "/operations?limit=" + bad,
                    "/rebuilds?" + bad)));
  }

  static Request wrongQuery(Pick pick, Scene scene) {
    return pick.between(0, 5) == 0
        ? Request.of(
            "DELETE",
            scene.path(
                "/rebuild"
                    + pick.of(
                        "",
                        "?",
                        "?reason=",
                        "?reason=%20",
                        "?reason=a&reason=b",
                        "?reason=a&requestedBy=",
                        "?reason=" + "x".repeat(1_001),
                        "?reason=a&requestedBy=" + "x".repeat(101),
                        "?reason=a&force=true",
                        "?Reason=a")))
        : Request.of(
            "GET",
            scene.path(
                pick.of("/skips", "/skips", "/operations", "/rebuilds")
                    + "?"
                    + pick.of(
                        "limit=0",
                        "limit=-1",
                        "limit=1001",
                        "limit=1e2",
                        "limit=0x10",
                        "limit=1.5",
                        "limit=",
                        "limit",
                        "limit=" + "9".repeat(pick.between(19, 400)),
                        "limit=%20" + pick.between(1, 9),
                        "limit=1&limit=2",
                        "after=-1",
                        "after=99999999999999999999",
                        "parked=maybe",
                        "parked=TRUE",
                        "parked=1",
                        "parked=true&parked=false",
                        "reason=BORED",
                        "reason=failed",
                        "reason=0",
                        "reason=",
                        "olderThan=soon",
                        "olderThan=-PT1H",
                        "olderThan=PT1X",
                        "olderThan=P999999999999999D",
                        "olderThan=PT" + "9".repeat(30) + "S",
                        "olderThan=1h",
                        "olderThan=",
                        pick.word() + "=1",
                        "LIMIT=1",
                        "limit%00=1")));
  }

  static Request unknownProjection(Pick pick, Scene scene) {
    String name =
        pick.of(
            pick.word(),
            scene.projection().toUpperCase(java.util.Locale.ROOT),
            scene.projection() + "%20",
            "..%2f" + scene.projection(),
            "'%20OR%201=1--",
            "x".repeat(pick.between(200, 1_000)),
            "%F0%9F%92%A9");
    Scene other = new Scene(name, scene.skip());
    return pick.between(0, 1) == 0
        ? other.change(pick)
        : Request.of("GET", pick.of(other.reads().subList(3, other.reads().size())));
  }

  static Request badId(Pick pick, Scene scene) {
    String id =
        pick.of(
            "0",
            "-1",
            "1-",
            "-",
            "1_2",
            "1-2-3",
            "0x1-1",
            "99-" + pick.between(1, 999),
            "1-" + "9".repeat(pick.between(19, 60)),
            "9".repeat(pick.between(10, 60)) + "-1",
            "1-1%20",
            "+1-1",
            "\u0661-1".replace("\u0661", "%D9%A1"),
            "null",
            pick.word());
    String path = scene.path(pick.of("/skips/" + id, "/rebuilds/" + id + "x"));
    return path.contains("/skips/") && pick.between(0, 1) == 0
        ? Request.post(path + pick.of("/retry", "/discard"), "{\"reason\": \"no good one\"}")
        : Request.of("GET", path);
  }
}
