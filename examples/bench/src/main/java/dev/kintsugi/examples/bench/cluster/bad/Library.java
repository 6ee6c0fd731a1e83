package dev.kintsugi.examples.bench.cluster.bad;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Sends requests as an HTTP client library does, over connections that it keeps. */
final class Library {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** What the library sees to itself. */
  private static final Set<String> ITS_OWN =
      Set.of("host", "content-length", "transfer-encoding", "connection", "expect", "upgrade");

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String base;

  Library(int port) {
    this.base = "http://127.0.0.1:" + port;
  }

  /** Sends one; empty if a library does not let it be sent. */
  Optional<Answer> send(Request request) throws IOException, InterruptedException {
    HttpRequest sent;
    try {
      sent = translate(request);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    HttpResponse<String> response = client.send(sent, HttpResponse.BodyHandlers.ofString());
    return Optional.of(
        new Answer(
            response.statusCode(),
            response.headers().firstValue("Content-Type").orElse("").toLowerCase(Locale.ROOT),
            response.body()));
  }

  private HttpRequest translate(Request request) {
    String[] line = request.line().split(" ", -1);
    if (!request.headers().contains(Request.HOST)
        || line.length != 3
        || request.ends()
        || !line[2].equals("HTTP/1.1")) {
      throw new IllegalArgumentException("no library sends this: " + request.line());
    }
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create(base + line[1]))
            .timeout(PATIENCE)
            .method(line[0], HttpRequest.BodyPublishers.ofByteArray(request.body()));
    for (String header : request.headers()) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw new IllegalArgumentException("no library sends this: " + header);
      }
      String name = header.substring(0, colon).toLowerCase(Locale.ROOT);
      String value = header.substring(colon + 1).strip();
      if (isFraming(name, value, request) || !value.matches("\\p{ASCII}*")) {
        throw new IllegalArgumentException("no library lets this be said: " + header);
      }
      if (!ITS_OWN.contains(name)) {
        builder.header(name, value);
      }
    }
    return builder.build();
  }

  /** Whether it says something about the body, or the connection, that is not just so. */
  private static boolean isFraming(String name, String value, Request request) {
    return switch (name) {
      case "host" -> !value.equals("localhost");
      case "content-length" -> !value.equals(String.valueOf(request.body().length));
      default -> ITS_OWN.contains(name);
    };
  }
}
