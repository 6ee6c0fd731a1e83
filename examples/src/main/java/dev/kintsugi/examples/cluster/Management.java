package dev.kintsugi.examples.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** The management routes of the nodes, by HTTP. Its methods block. */
public final class Management {

  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final int OK = 200;
  private static final int ACCEPTED = 202;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(CONNECT).build();

  /** Whether a node is a member of the cluster, and its order API listens. */
  public boolean isReady(Node node) throws InterruptedException {
    try {
      return get(node.management().resolve("/ready")).statusCode() == OK;
    } catch (IOException notThereYet) {
      return false;
    }
  }

  /**
   * All projections.
   *
   * @throws IOException if the node does not answer, or not with them
   */
  public List<ProjectionView> projections(Node node) throws IOException, InterruptedException {
    HttpResponse<String> response = get(node.management().resolve("/projections"));
    refuse(response, OK);
    JsonNode list = JSON.readTree(response.body()).required("projections");
    return StreamSupport.stream(list.spliterator(), false).map(ProjectionView::of).toList();
  }

  /**
   * Asks a node for a rebuild.
   *
   * @return the generation that it makes
   * @throws IOException if the node does not answer, or refuses
   */
  public int rebuild(Node node, String projection, String reason)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(node.management().resolve("/projections/" + projection + "/rebuild"))
            .timeout(ANSWER)
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    JSON.writeValueAsString(Map.of("reason", reason))))
            .build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    refuse(response, ACCEPTED);
    return JSON.readTree(response.body()).required("generation").asInt();
  }

  private HttpResponse<String> get(URI uri) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri).timeout(ANSWER).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void refuse(HttpResponse<String> response, int expected) throws IOException {
    if (response.statusCode() != expected) {
      throw new IOException(
          "%s answered %d: %s".formatted(response.uri(), response.statusCode(), response.body()));
    }
  }
}
