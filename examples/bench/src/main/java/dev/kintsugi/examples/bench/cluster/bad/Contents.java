package dev.kintsugi.examples.bench.cluster.bad;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/** What is wrong with the bytes of a body: how they are encoded, how many there are. */
final class Contents {

  private static final int LONGEST = 64 * 1024;

  private static final byte[][] NO_UTF_8 = {
    {(byte) 0xc3, 0x28},
    {(byte) 0xff},
    {(byte) 0x80},
    {(byte) 0xc0, (byte) 0xaf},
    {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
    {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
    {(byte) 0xe2, (byte) 0x82}
  };

  private Contents() {}

  static Request encoding(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    String good = scene.changes().getOrDefault(target, "");
    Request post = Request.of("POST", target);
    Request json = post.with("Content-Type: application/json");
    return switch (pick.between(0, 4)) {
      case 0 -> json.withBody(spoilt(good, pick.of(NO_UTF_8)));
      case 1 ->
          json.withBody(
              good.getBytes(
                  Charset.forName(
                      pick.of("UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE"))));
      case 2 ->
          post.with(
                  "Content-Type: application/json; charset="
                      + pick.of("utf-16", "utf-16le", "utf-32"))
              .withBody(good.getBytes(StandardCharsets.UTF_16));
      case 3 -> json.withBody(gzip(good));
      default ->
          json.with(
                  "Content-Encoding: "
                      + pick.of("gzip", "deflate", "br", "zstd", "gzip, gzip", pick.word()))
              .withBody(gzip(good));
    };
  }

  private static byte[] spoilt(String good, byte[] bad) {
    int at = good.indexOf("good");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(good.substring(0, at).getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(bad);
    bytes.writeBytes(good.substring(at).getBytes(StandardCharsets.UTF_8));
    return bytes.toByteArray();
  }

  private static byte[] gzip(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static Request huge(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    String good = scene.changes().getOrDefault(target, "");
    byte[] body =
        (good + " ".repeat(pick.between(LONGEST, 200_000))).getBytes(StandardCharsets.UTF_8);
    Request post = Request.of("POST", target).with("Content-Type: application/json");
    return pick.between(0, 1) == 0
        ? post.withBody(body)
        : post.inChunks(body, pick.between(1_000, 50_000));
  }

  /** The length that is said is another one than that of the body, or none. */
  static Request framing(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    byte[] good = scene.changes().getOrDefault(target, "").getBytes(StandardCharsets.UTF_8);
    Request post = Request.of("POST", target).with("Content-Type: application/json");
    return switch (pick.between(0, 4)) {
      case 0 -> post.with("Content-Length: " + pick.between(1, good.length - 1)).withRaw(good);
      case 1 ->
          post.with(
                  "Content-Length: "
                      + pick.of("-1", "abc", "", "1.5", "0x10", "9".repeat(30), "1, 2"))
              .withRaw(good);
      case 2 ->
          post.with("Content-Length: " + good.length)
              .with("Content-Length: " + (good.length + pick.between(1, 9)))
              .withRaw(good);
      case 3 ->
          post.with(Request.CHUNKED)
              .withRaw(
                  pick.of(
                          "zz\r\n",
                          "-1\r\n",
                          "\r\n",
                          "5;" + "x".repeat(300) + "\r\n",
                          "ffffffffffff\r\n")
                      .getBytes(StandardCharsets.US_ASCII));
      default -> post.with("Content-Length: " + (1L << pick.between(31, 50))).withRaw(good);
    };
  }

  /** The rest of the body does not come, for longer than anybody waits for it. */
  static Request slow(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    byte[] good = scene.changes().getOrDefault(target, "").getBytes(StandardCharsets.UTF_8);
    Request post = Request.of("POST", target).with("Content-Type: application/json");
    return pick.between(0, 1) == 0
        ? post.with("Content-Length: " + (good.length + pick.between(1, 1_000))).withRaw(good)
        : post.with(Request.CHUNKED)
            .withRaw("%x\r\n".formatted(good.length + 1).getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * The body ends before it is whole. It has no chunks: then Pekko HTTP may hang up without an
   * answer, as the sender seems to have.
   */
  static Request cutOff(Pick pick, Scene scene) {
    String target = scene.changing(pick);
    byte[] good = scene.changes().getOrDefault(target, "").getBytes(StandardCharsets.UTF_8);
    return Request.of("POST", target)
        .with("Content-Type: application/json")
        .with("Content-Length: " + (good.length + pick.between(1, 1_000)))
        .withRaw(good)
        .ending();
  }
}
