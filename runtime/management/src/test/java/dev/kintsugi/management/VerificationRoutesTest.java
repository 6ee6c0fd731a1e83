package dev.kintsugi.management;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kintsugi.management.Management.Answer;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestProjection.Kind;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.net.http.HttpRequest;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Verifications as a client sees them, over a real server. */
@Tag("slow")
class VerificationRoutesTest {

  private static final String ALL = "/projections/log/verifications";
  private static final String OF_ROWS = "/projections/rows/verifications";
  private static final String WHY = "{\"reason\": \"a test\", \"requestedBy\": \"ann\"}";

  private final World world = new World();
  private final TestSystem node = new TestSystem(world, Management.SETTINGS);
  private final TestProjection log = new TestProjection("log");
  private final TestProjection rows = new TestProjection("rows").kind(Kind.ROWS);
  private Management http;

  @BeforeEach
  void start() throws Exception {
    http = Management.start(node);
    node.startAndFinish(log, rows);
    node.record("a", "one", "two");
  }

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private static void assertProblem(Answer answer, int status, String detail) {
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    assertThat(answer.json().path("detail").asText()).contains(detail);
  }

  private JsonNode finished(String path, String state) {
    eventually(() -> assertThat(http.get(path).json().path("state").asText()).isEqualTo(state));
    try {
      return http.get(path).json();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void a_verification_is_asked_for_followed_and_done() throws Exception {
    Answer accepted = http.post(ALL, WHY);

    assertThat(accepted.status()).as(accepted.response().body()).isEqualTo(202);
    assertThat(accepted.header("Location")).isEqualTo(ALL + "/" + accepted.json().path("id"));
    JsonNode clean = finished(accepted.header("Location"), "clean");
    assertThat(clean.path("requestedBy").asText()).isEqualTo("ann");
    assertThat(clean.path("node").asText())
        .isEqualTo(http.get("/projections").json().path("node").asText());
    assertThat(clean.path("events").asInt()).isEqualTo(2);
    assertThat(clean.path("progress").asDouble()).isEqualTo(1.0);
    assertThat(clean.at("/tables/0/rows").asInt()).isEqualTo(2);
  }

  @Test
  void rows_that_differ_come_with_one_verification_and_are_counted_in_the_list() throws Exception {
    String hostile = "\"}]<script>alert(1)</script>\\";
    world.execute(
        "UPDATE rows_log SET payload = '%s' WHERE sequence_number = 2".formatted(hostile));

    String path = http.post(OF_ROWS, WHY).header("Location");
    JsonNode different = finished(path, "different");

    JsonNode row = different.at("/tables/0/examples/0");
    assertThat(row.path("key").asText()).isEqualTo("[\"a\", 2]");
    assertThat(row.path("expected").asText()).contains("\"payload\": \"two\"");
    assertThat(row.path("actual").asText())
        .contains("\"payload\": \"\\\"}]<script>alert(1)</script>\\\\\"");
    http.post(OF_ROWS, WHY);
    eventually(
        () ->
            assertThat(http.get(OF_ROWS + "?limit=1").json().at("/verifications/0/state").asText())
                .isEqualTo("different"));
    JsonNode list = http.get(OF_ROWS).json().path("verifications");
    assertThat(list).hasSize(2);
    assertThat(list.at("/0/tables/0/missing").asInt()).isEqualTo(1);
    assertThat(list.at("/0/tables/0/examples").isNull()).isTrue();
  }

  @Test
  void one_at_a_time_which_can_be_stopped() throws Exception {
    TestProjection.Gate gate = log.holdOn("two");
    String path = http.post(ALL, WHY).header("Location");
    gate.awaitReached();

    assertProblem(http.post(ALL, WHY), 409, "is being verified");
    assertThat(http.get(path).json().path("state").asText()).isEqualTo("running");
    assertProblem(http.delete(path), 400, "reason is missing");
    assertThat(http.delete(path + "?reason=enough&requestedBy=bob").status()).isEqualTo(200);
    gate.open();

    assertThat(http.get(path).json().path("detail").asText()).isEqualTo("stopped by bob: enough");
    assertProblem(http.delete(path + "?reason=again"), 409, "has ended: it is stopped");
    finished(http.post(ALL, WHY).header("Location"), "clean");
  }

  @Test
  void one_with_the_same_key_is_carried_out_once() throws Exception {
    Answer first = http.send(keyed("k1"));
    finished(first.header("Location"), "clean");

    Answer second = http.send(keyed("k1"));

    assertThat(second.status()).isEqualTo(202);
    assertThat(second.header("Location")).isEqualTo(first.header("Location"));
    assertThat(http.get(ALL).json().path("verifications")).hasSize(1);
  }

  private HttpRequest.Builder keyed(String key) {
    return HttpRequest.newBuilder(http.uri(ALL))
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", key)
        .POST(HttpRequest.BodyPublishers.ofString(WHY));
  }

  @Test
  void what_is_not_there_or_not_so_is_a_problem_with_a_reason() throws Exception {
    assertProblem(http.post("/projections/nobody/verifications", WHY), 404, "nobody");
    assertProblem(http.get("/projections/nobody/verifications"), 404, "nobody");
    assertProblem(http.get(ALL + "/99"), 404, "no verification 99");
    assertProblem(http.delete(ALL + "/99?reason=x"), 404, "no verification 99");
    assertProblem(http.get(ALL + "/first"), 400, "a number");
    assertProblem(http.post(ALL, "{}"), 400, "reason is missing");
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      http.post("/projections/log/rebuild", WHY);
      assertProblem(http.post(ALL, WHY), 409, "is being rebuilt");
      held.rollback();
    }
    get(node.kintsugi().whenDone("log"));
    assertThat(http.get(ALL).json().path("verifications")).isEmpty();
  }

  @Test
  void a_read_only_management_verifies_nothing_and_shows_what_others_found() throws Exception {
    String path = http.post(ALL, WHY).header("Location");
    finished(path, "clean");
    try (TestSystem readOnly =
        new TestSystem(world, "pekko.management.http { hostname = \"127.0.0.1\", port = 0 }")) {
      Management reading = Management.start(readOnly);
      assertProblem(reading.post(ALL, WHY), 403, "read-only");
      assertProblem(reading.delete(path + "?reason=x"), 403, "read-only");
      assertThat(reading.get(path).json().path("state").asText()).isEqualTo("clean");
    }
  }

  @Test
  void a_node_whose_build_has_not_the_projection_says_whom_to_ask() throws Exception {
    try (TestSystem other = new TestSystem(world, Management.SETTINGS)) {
      assertProblem(Management.start(other).post(ALL, WHY), 409, "Ask a node that has");
    }
  }

  @Test
  void the_end_of_a_node_is_the_end_of_what_it_verifies() throws Exception {
    TestSystem other = new TestSystem(world, Management.SETTINGS);
    TestProjection held = new TestProjection("log");
    other.startAndFinish(held);
    TestProjection.Gate gate = held.holdOn("two");
    String path = Management.start(other).post(ALL, WHY).header("Location");
    gate.awaitReached();

    other.close();
    gate.open();

    JsonNode found = http.get(path).json();
    assertThat(found.path("state").asText()).isEqualTo("abandoned");
    assertThat(found.path("detail").asText()).contains("was shut down before it had ended");
    finished(http.post(ALL, WHY).header("Location"), "clean");
  }
}
