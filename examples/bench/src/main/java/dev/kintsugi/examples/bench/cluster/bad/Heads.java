package dev.kintsugi.examples.bench.cluster.bad;

/**
 * What is wrong with a request's headers. But for that, the change would be made. No header's line
 * ends in a byte that is not ASCII: Pekko HTTP takes it for the first of a character's bytes, and
 * the end of the line for the others.
 */
final class Heads {

  private Heads() {}

  static Request huge(Pick pick, Scene scene) {
    Request change = scene.change(pick);
    return switch (pick.between(0, 2)) {
      case 0 -> change.with("X-" + pick.word() + ": " + "x".repeat(pick.between(8_200, 60_000)));
      case 1 -> change.with("x".repeat(pick.between(65, 5_000)) + ": 1");
      default -> many(pick, change);
    };
  }

  private static Request many(Pick pick, Request change) {
    Request many = change;
    for (int i = pick.between(70, 300); i > 0; i--) {
      many = many.with("X-%s-%d: 1".formatted(pick.word(), i));
    }
    return many;
  }

  static Request idempotencyKey(Pick pick, Scene scene) {
    Request change = scene.change(pick);
    return switch (pick.between(0, 3)) {
      case 0 -> change.with("Idempotency-Key: " + "k".repeat(pick.between(201, 2_000)));
      case 1 -> change.with("Idempotency-Key:" + pick.of("", " ", "\t"));
      case 2 ->
          change.with("Idempotency-Key: " + pick.word()).with("Idempotency-Key: " + pick.word());
      default ->
          change.with(
              "Idempotency-Key: "
                  + pick.word()
                  + pick.of(
                      "\u0000", "\u0007", "\u007f", "\u00e4xyz", "\u00c3\u00a4xyz", "\u00ffxyz"));
    };
  }

  /** The record is as it is, so what is not said properly can't name it. */
  static Request ifMatch(Pick pick, Scene scene) {
    Request change =
        Request.post(
            scene.path("/skips/" + scene.skip() + pick.of("/retry", "/discard")),
            "{\"reason\": \"no good one\"}");
    return switch (pick.between(0, 1)) {
      case 0 -> change.with("If-Match: \"1-parked\"").with("If-Match: \"" + pick.word() + "\"");
      default ->
          change.with(
              "If-Match: "
                  + pick.of(
                      "",
                      pick.word(),
                      "\"",
                      "\"" + pick.word(),
                      "\"" + pick.word() + "\"",
                      "W/" + pick.word(),
                      "**",
                      "1-parked\"",
                      "\"1-parked",
                      "\u00e4xyz",
                      "\"\u0001\""));
    };
  }

  static Request otherSite(Pick pick, Scene scene) {
    Request change =
        pick.between(0, 3) == 0
            ? Request.of("DELETE", scene.path("/rebuild?reason=x"))
            : scene.change(pick);
    return switch (pick.between(0, 2)) {
      case 0 ->
          change.with(
              "Origin: "
                  + pick.of(
                      "https://evil.example",
                      "http://localhost.evil.example",
                      "http://localhost:1",
                      "null",
                      "",
                      "http://",
                      pick.word(),
                      "http://local host",
                      "%zz",
                      "\u00e4://x",
                      "http://localhost http://evil.example",
                      "file://localhost"));
      case 1 ->
          change
              .with("Origin: http://localhost")
              .with("Origin: https://" + pick.word() + ".example");
      default ->
          change.with(
              "Sec-Fetch-Site: "
                  + pick.of(
                      "cross-site", "same-site", "Same-Origin", "", pick.word(), "\u00e4xyz"));
    };
  }

  static Request malformed(Pick pick, Scene scene) {
    Request change = scene.change(pick);
    return switch (pick.between(0, 4)) {
      case 0 ->
          change.with(
              pick.of(
                  pick.word(),
                  ": no name",
                  "X Y: 1",
                  "X-\u00e4: 1",
                  "X-Nul: a\u0000b",
                  "X-Space : 1",
                  "\u0001: 1",
                  "X-Bell: \u0007"));
      case 1 ->
          change
              .withoutHeaders()
              .with(
                  "Host: "
                      + pick.of(
                          "a b",
                          "[::1",
                          "localhost:port",
                          "localhost:99999",
                          "\u00e4xyz",
                          "a, b",
                          "user@host"));
      case 2 -> change.withoutHeaders().with("Content-Type: application/json");
      case 3 -> change.with("Host: " + pick.word());
      default -> change.with("Expect: " + pick.of("a pony", "200-ok", pick.word()));
    };
  }

  static Request contentType(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    byte[] body =
        scene.changes().getOrDefault(target, "").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    Request bare = Request.of("POST", target).withBody(body);
    return switch (pick.between(0, 3)) {
      case 0 -> bare;
      case 1 ->
          bare.with(
              "Content-Type: "
                  + pick.of(
                      "text/plain",
                      "application/x-www-form-urlencoded",
                      "multipart/form-data; boundary=x",
                      "application/xml",
                      "application/cbor",
                      "text/json",
                      "application/vnd.api+json",
                      "application/json-patch+json",
                      "*/*",
                      "application/" + pick.word()));
      case 2 ->
          bare.with(
              "Content-Type: "
                  + pick.of(
                      "",
                      "json",
                      "/",
                      "application/",
                      ";",
                      "application/json/x",
                      "\u00e4/\u00e4",
                      "application/json;"));
      default ->
          bare.with("Content-Type: application/json")
              .with(
                  "Content-Type: " + pick.of("text/plain", "application/cbor", "x/" + pick.word()));
    };
  }
}
