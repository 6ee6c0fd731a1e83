package dev.kintsugi.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kintsugi.runtime.testing.TestSystem;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.management.javadsl.PekkoManagement;

/** Pekko Management of a node on a free port of loopback, and a client of it. */
public final class Management {

  /** What a node needs to have it, changes allowed. */
  public static final String SETTINGS =
      """
      pekko.management.http { hostname = "127.0.0.1", port = 0, route-providers-read-only = off }
      """;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client = HttpClient.newHttpClient();
  private final URI base;

  private Management(URI base) {
    this.base = base;
  }

  /** Starts it; it ends with the actor system. */
  public static Management start(TestSystem node) throws Exception {
    Uri uri = TestSystem.get(PekkoManagement.get(node.system()).start());
    return new Management(URI.create(uri.toString()));
  }

  public URI uri(String path) {
    return base.resolve(path);
  }

  /** An answer, its body as JSON if it is that. */
  public record Answer(int status, HttpResponse<String> response) {
    public JsonNode json() {
      try {
        return JSON.readTree(response.body());
      } catch (IOException e) {
        throw new AssertionError("no JSON: " + response.body(), e);
      }
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }
  }

  public Answer get(String path) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  public Answer post(String path, String json) throws Exception {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json)));
  }

  public Answer delete(String path) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)).DELETE());
  }

  public Answer send(HttpRequest.Builder request) throws Exception {
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    return new Answer(response.statusCode(), response);
  }
}
