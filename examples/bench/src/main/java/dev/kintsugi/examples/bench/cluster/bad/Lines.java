package dev.kintsugi.examples.bench.cluster.bad;

import java.nio.charset.StandardCharsets;

/** What is wrong with a request's first line. */
final class Lines {

  private static final String TLS_HELLO =
      "\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0003";

  private Lines() {}

  static Request wrongMethod(Pick pick, Scene scene) {
    return pick.between(0, 1) == 0
        ? Request.of(pick.of("POST", "PUT", "PATCH", "DELETE", "OPTIONS"), pick.of(scene.reads()))
            .withBody(new byte[0])
        : Request.of(pick.of("GET", "PUT", "PATCH", "OPTIONS", "TRACE"), wrongFor(pick, scene));
  }

  /** {@code /skips/retry} may be read as a record, with an id that is none. */
  private static String wrongFor(Pick pick, Scene scene) {
    return pick.of(
        scene.path("/rebuild"), scene.path("/rate"), scene.path("/pause"), scene.path("/resume"));
  }

  static Request unknownMethod(Pick pick, Scene scene) {
    String method =
        pick.of(
            "BREW",
            "get",
            "Post",
            "G3T",
            "PROPFIND",
            "GET/",
            "\"GET\"",
            "GÄT",
            pick.word(),
            "X".repeat(40));
    return pick.between(0, 1) == 0
        ? Request.of(method, pick.of(scene.reads()))
        : scene.change(pick).by(method);
  }

  static Request malformedLine(Pick pick, Scene scene) {
    String target = pick.of(scene.reads());
    return Request.ofLine(
        pick.of(
            "GET " + target,
            "GET " + target + " HTTP/9.9",
            "GET " + target + " HTTP/2.0",
            "GET " + target + " HTTP/0.9",
            "GET " + target + " http/1.1",
            "GET " + target + " HTTP/1.1 " + pick.word(),
            "GET " + target + " FTP/1.1",
            "GET " + target + " HTTP/" + "1".repeat(30),
            "GET  HTTP/1.1",
            "GET",
            target + " GET HTTP/1.1",
            "HTTP/1.1 200 OK",
            "GET\t" + target + "\tHTTP/1.1",
            "GET " + target + " " + target + " HTTP/1.1",
            "GET ht!tp://" + target + " HTTP/1.1",
            "GET http:// HTTP/1.1",
            "PRI * HTTP/2.0",
            "EHLO " + pick.word(),
            TLS_HELLO + pick.word(),
            new String(pick.bytes(pick.between(5, 60)), StandardCharsets.ISO_8859_1)
                .replaceAll("[\r\n]", "?"),
            pick.word()));
  }

  static Request hugeTarget(Pick pick, Scene scene) {
    String endless = "x".repeat(pick.between(2_100, 20_000));
    return Request.of(
        "GET",
        pick.of(
            "/" + endless,
            scene.path("/" + endless),
            scene.path("/skips?stream=" + endless),
            scene.path("/" + "a/".repeat(2_000)),
            scene.path("/skips?" + "reason=FAILED&".repeat(400))));
  }
}
