package dev.kintsugi.examples.bench.cluster.bad;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An HTTP request, as it is put on the wire, whether or not that can be read.
 *
 * @param line without its end
 * @param headers a line each, without their ends
 * @param body what follows the empty line, chunks and all
 * @param ends whether the sender closes its side behind it, and so says that no more will come
 */
@SuppressWarnings("ArrayRecordComponent") // to be sent as they are; nobody compares them
record Request(String line, List<String> headers, byte[] body, boolean ends) {

  static final String CHUNKED = "Transfer-Encoding: chunked";
  static final String HOST = "Host: localhost";

  private static final String END_OF_LINE = "\r\n";

  Request {
    headers = List.copyOf(headers);
  }

  /** One without a body. */
  static Request of(String method, String target) {
    return ofLine(method + " " + target + " HTTP/1.1");
  }

  /** One whose first line is this. */
  static Request ofLine(String line) {
    return new Request(line, List.of(HOST), new byte[0], false);
  }

  /** One that posts JSON. */
  static Request post(String target, String json) {
    return of("POST", target)
        .with("Content-Type: application/json")
        .withBody(json.getBytes(StandardCharsets.UTF_8));
  }

  /** With one header line more. */
  Request with(String header) {
    List<String> more = new ArrayList<>(headers);
    more.add(header);
    return new Request(line, more, body, ends);
  }

  Request withoutHeaders() {
    return new Request(line, List.of(), body, ends);
  }

  /** With this as its body, and its length said. */
  Request withBody(byte[] bytes) {
    return with("Content-Length: " + bytes.length).withRaw(bytes);
  }

  /** With this after the empty line, and no header for it. */
  Request withRaw(byte[] bytes) {
    return new Request(line, headers, bytes, ends);
  }

  /** With this as its body, in chunks of so many bytes. */
  Request inChunks(byte[] bytes, int size) {
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    for (int from = 0; from < bytes.length; from += size) {
      int length = Math.min(size, bytes.length - from);
      chunks.writeBytes(
          (Integer.toHexString(length) + END_OF_LINE).getBytes(StandardCharsets.US_ASCII));
      chunks.write(bytes, from, length);
      chunks.writeBytes(END_OF_LINE.getBytes(StandardCharsets.US_ASCII));
    }
    chunks.writeBytes(("0" + END_OF_LINE + END_OF_LINE).getBytes(StandardCharsets.US_ASCII));
    return with(CHUNKED).withRaw(chunks.toByteArray());
  }

  /** The same by another method. */
  Request by(String method) {
    return new Request(method + line.substring(line.indexOf(' ')), headers, body, ends);
  }

  /** After which no more comes. */
  Request ending() {
    return new Request(line, headers, body, true);
  }

  /**
   * The same, said in an older version of HTTP. It has no chunks: Pekko HTTP 1.3 answers these with
   * 500, before any route is asked.
   */
  Request inHttp10() {
    return headers.contains(CHUNKED)
        ? this
        : new Request(line.replace("HTTP/1.1", "HTTP/1.0"), headers, body, ends);
  }

  /** A character of the line and of the headers is a byte. */
  byte[] bytes() {
    StringBuilder head = new StringBuilder(line).append(END_OF_LINE);
    headers.forEach(header -> head.append(header).append(END_OF_LINE));
    head.append(END_OF_LINE);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    bytes.writeBytes(body);
    return bytes.toByteArray();
  }
}
