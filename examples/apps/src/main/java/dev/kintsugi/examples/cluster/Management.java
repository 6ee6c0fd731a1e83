package dev.kintsugi.examples.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kintsugi.examples.cluster.launch.Node;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
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
    HttpResponse<String> response = post(node, projection + "/rebuild", Map.of("reason", reason));
    refuse(response, ACCEPTED);
    return JSON.readTree(response.body()).required("generation").asInt();
  }

  /**
   * Asks a node to pause a projection.
   *
   * @return what the node says of it
   * @throws IOException if the node does not answer, or refuses
   */
  public String pause(Node node, String projection, String reason)
      throws IOException, InterruptedException {
    return change(node, projection + "/pause", Map.of("reason", reason));
  }

  /**
   * Asks a node to resume a projection, paused or not.
   *
   * @return what the node says of it
   * @throws IOException if the node does not answer, or refuses
   */
  public String resume(Node node, String projection, String reason)
      throws IOException, InterruptedException {
    return change(node, projection + "/resume", Map.of("reason", reason));
  }

  /**
   * Asks a node to retry all parked records of a projection.
   *
   * @return what the node says of it
   * @throws IOException if the node does not answer, or refuses
   */
  public String retryParked(Node node, String projection, String reason)
      throws IOException, InterruptedException {
    return change(node, projection + "/skips/retry", allParked(reason));
  }

  /**
   * Asks a node to discard all parked records of a projection: its read model does without their
   * events.
   *
   * @return how many these were
   * @throws IOException if the node does not answer, or refuses
   */
  public long discardParked(Node node, String projection, String reason)
      throws IOException, InterruptedException {
    HttpResponse<String> response = post(node, projection + "/skips/discard", allParked(reason));
    refuse(response, OK);
    return JSON.readTree(response.body()).required("changed").asLong();
  }

  private static Map<String, ?> allParked(String reason) {
    return Map.of("filter", Map.of("parked", true), "reason", reason);
  }

  private String change(Node node, String path, Map<String, ?> body)
      throws IOException, InterruptedException {
    HttpResponse<String> response = post(node, path, body);
    refuse(response, OK);
    return JSON.readTree(response.body()).required("message").asText();
  }

  /**
   * Asks a node to verify a projection.
   *
   * @return the verification's number, to look at it by
   * @throws IOException if the node does not answer, or refuses
   */
  public int startVerification(Node node, String projection, String reason)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        post(node, projection + "/verifications", Map.of("reason", reason));
    refuse(response, ACCEPTED);
    return JSON.readTree(response.body()).required("id").asInt();
  }

  /**
   * A verification, as it stands.
   *
   * @throws IOException if the node does not answer, or knows none of that number
   */
  public VerificationView verification(Node node, String projection, int id)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        get(node.management().resolve("/projections/" + projection + "/verifications/" + id));
    refuse(response, OK);
    return VerificationView.of(JSON.readTree(response.body()));
  }

  /**
   * Asks a node to stop the rebuild of a projection where it stands.
   *
   * @return what the node says of it
   * @throws IOException if the node does not answer, or refuses
   */
  public String stopRebuild(Node node, String projection, String reason)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            request(
                    node,
                    projection
                        + "/rebuild?reason="
                        + URLEncoder.encode(reason, StandardCharsets.UTF_8))
                .DELETE()
                .build(),
            HttpResponse.BodyHandlers.ofString());
    refuse(response, OK);
    return JSON.readTree(response.body()).required("message").asText();
  }

  private HttpResponse<String> post(Node node, String path, Map<String, ?> body)
      throws IOException, InterruptedException {
    return client.send(
        request(node, path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(Node node, String path) {
    return HttpRequest.newBuilder(node.management().resolve("/projections/" + path))
        .timeout(ANSWER);
  }

  private HttpResponse<String> get(URI uri) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(uri).timeout(ANSWER).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static void refuse(HttpResponse<String> response, int expected) throws IOException {
    if (response.statusCode() != expected) {
      throw new IOException(
          "%s answered %d: %s"
              .formatted(response.uri(), response.statusCode(), reason(response.body())));
    }
  }

  /** Of a problem its detail; of anything else all of it. */
  private static String reason(String body) {
    try {
      return JSON.readTree(body).path("detail").asText(body);
    } catch (JsonProcessingException noJson) {
      return body;
    }
  }
}
