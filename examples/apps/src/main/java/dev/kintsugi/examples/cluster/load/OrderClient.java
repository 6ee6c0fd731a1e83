package dev.kintsugi.examples.cluster.load;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** One node's order API, as a client sees it. */
final class OrderClient {

  private static final Duration CONNECT = Duration.ofSeconds(2);

  /** Longer than a node waits for an order. */
  private static final Duration ANSWER = Duration.ofSeconds(15);

  private static final long REST_AFTER_REFUSED_CONNECTION = Duration.ofSeconds(2).toNanos();

  private final URI node;
  private final HttpClient client;
  private volatile long restsUntil = System.nanoTime();

  OrderClient(URI node, Executor executor) {
    this.node = node;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .executor(executor)
            .build();
  }

  /** Whether the node is not known to be away. */
  boolean isThere() {
    return System.nanoTime() - restsUntil >= 0;
  }

  /** Nobody listened there: it is left alone for a while. */
  void wasAway() {
    restsUntil = System.nanoTime() + REST_AFTER_REFUSED_CONNECTION;
  }

  CompletableFuture<HttpResponse<String>> post(String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(node.resolve(path))
            .timeout(ANSWER)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
  }
}
