package dev.kintsugi.management;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kintsugi.management.Management.Answer;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The routes as a client sees them, over a real server. */
@Tag("slow")
class ProjectionRoutesTest {

  private static final String WHY = "{\"reason\": \"a test\"}";

  private final World world = new World();
  private final TestSystem node = new TestSystem(world, Management.SETTINGS);
  private final TestProjection log =
      new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry().thenPark());
  private Management http;

  @BeforeEach
  void start() throws Exception {
    http = Management.start(node);
  }

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private void startWithAParkedRecord() throws Exception {
    node.startAndFinish(log);
    log.failOn("poison");
    node.record("a", "poison", "behind");
    node.record("b", "fine");
    eventually(() -> assertThat(parked().path("skips")).hasSize(1));
  }

  private JsonNode parked() throws Exception {
    return http.get("/projections/log/skips?parked=true").json();
  }

  private static void assertProblem(Answer answer, int status, String detail) {
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    assertThat(answer.json().path("status").asInt()).isEqualTo(status);
    assertThat(answer.json().path("detail").asText()).contains(detail);
  }

  @Test
  void the_list_has_all_projections_and_what_the_nodes_did() throws Exception {
    startWithAParkedRecord();

    JsonNode all = http.get("/projections").json();
    assertThat(all.path("readOnly").asBoolean()).isFalse();
    assertThat(all.path("rates").path("nodes").asInt()).isEqualTo(1);
    assertThat(all.path("rates").path("appended").asInt()).isEqualTo(3);
    assertThat(all.path("rates").path("recorded").path("FAILED").asInt()).isEqualTo(1);
    JsonNode one = all.path("projections").path(0);
    assertThat(one.path("name").asText()).isEqualTo("log");
    assertThat(one.path("status").asText()).isEqualTo("active");
    assertThat(one.path("phase").asText()).isEqualTo("done");
    assertThat(one.path("node").asText()).isEqualTo(all.path("node").asText());
    assertThat(one.path("open").asInt()).isEqualTo(2);
    assertThat(one.path("parked").asInt()).isEqualTo(1);
    assertThat(one.path("byReason").path("BEHIND").asInt()).isEqualTo(1);
  }

  @Test
  void a_rebuild_is_asked_for_followed_and_done() throws Exception {
    node.startAndFinish(log);
    node.record("a", "one", "two");

    Answer accepted = http.post("/projections/log/rebuild", WHY);
    assertThat(accepted.status()).isEqualTo(202);
    assertThat(accepted.json().path("generation").asInt()).isEqualTo(2);
    assertThat(accepted.header("Location")).isEqualTo("/projections/log/rebuilds/2");
    eventually(
        () ->
            assertThat(http.get(accepted.header("Location")).json().path("phase").asText())
                .isEqualTo("done"));
    JsonNode rebuilds = http.get("/projections/log/rebuilds").json().path("rebuilds");
    assertThat(rebuilds).hasSize(2);
    assertThat(rebuilds.path(0).path("reason").asText()).isEqualTo("a test");
    assertThat(rebuilds.path(0).path("replayed").asInt()).isEqualTo(2);
    world.auditWhole(log);
  }

  @Test
  void a_rebuild_that_waits_for_its_fence_says_for_whom_and_can_be_limited_and_stopped()
      throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      http.post("/projections/log/rebuild", WHY);
      eventually(
          () ->
              assertThat(http.get("/projections/log").json().path("fence").path("waitsFor"))
                  .hasSize(1));
      assertProblem(http.post("/projections/log/rebuild", WHY), 409, "is being built");
      assertThat(
              http.post("/projections/log/rate", "{\"eventsPerSecond\": 7, \"reason\": \"calm\"}")
                  .status())
          .isEqualTo(200);
      JsonNode rebuild = http.get("/projections/log").json().path("rebuild");
      assertThat(rebuild.path("maxEventsPerSecond").asInt()).isEqualTo(7);

      Answer stopped = http.delete("/projections/log/rebuild?reason=enough&requestedBy=ann");
      assertThat(stopped.json().path("message").asText())
          .contains("is stopped before anything was emptied");
      node.record("a", "two");
      assertThat(world.open(log)).containsExactly("a/2 REBUILDING");
      assertProblem(http.delete("/projections/log/rebuild?reason=again"), 409, "empties nothing");
      held.rollback();
    }
    get(node.kintsugi().whenDone("log"));
    assertThat(world.applied(log)).containsExactly("a/1", "a/2");
    JsonNode rebuild = http.get("/projections/log/rebuilds/2").json();
    assertThat(rebuild.path("stoppedBy").asText()).isEqualTo("ann");
    assertThat(rebuild.path("takesOver").asBoolean()).isTrue();
    JsonNode operations = http.get("/projections/log/operations").json().path("operations");
    assertThat(operations.findValuesAsText("kind")).containsExactly("STOP", "LIMIT");

    http.post("/projections/log/rebuild", WHY);
    get(node.kintsugi().whenDone("log"));
    assertProblem(http.delete("/projections/log/rebuild?reason=late"), 409, "is built");
    world.auditWhole(log);
  }

  @Test
  void a_projection_is_paused_and_resumed() throws Exception {
    node.startAndFinish(log);
    assertThat(http.post("/projections/log/pause", WHY).json().path("changed").asBoolean())
        .isTrue();
    assertThat(http.post("/projections/log/pause", WHY).json().path("changed").asBoolean())
        .isFalse();
    node.record("a", "one");
    JsonNode paused = http.get("/projections/log").json();
    assertThat(paused.path("pause").path("reason").asText()).isEqualTo("a test");
    assertThat(paused.path("byReason").path("PAUSED").asInt()).isEqualTo(1);
    assertThat(http.post("/projections/log/resume", WHY).json().path("paused").asBoolean())
        .isFalse();
    eventually(() -> assertThat(world.open(log)).isEmpty());
    world.auditWhole(log);
  }

  @Test
  void a_parked_record_is_looked_at_and_retried_if_it_is_as_it_was_seen() throws Exception {
    startWithAParkedRecord();
    JsonNode parked = parked().path("skips").path(0);
    String path = "/projections/log/skips/" + parked.path("id").asText();
    Answer details = http.get(path);
    assertThat(details.header("ETag")).isEqualTo(parked.path("revision").asText());
    assertThat(details.json().path("event").path("json").asText()).isEqualTo("\"poison\"");
    assertThat(details.json().path("error").asText()).contains("IllegalArgumentException");
    assertThat(details.json().path("behind").asInt()).isEqualTo(1);

    assertProblem(http.send(retry(path, "\"7\"")), 412, "is not as it was when you looked");
    log.repair();
    assertThat(http.send(retry(path, details.header("ETag"))).status()).isEqualTo(200);
    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertProblem(http.get(path), 404, "no open skip record");
    world.auditWhole(log);
  }

  private HttpRequest.Builder retry(String path, String seen) {
    return HttpRequest.newBuilder(http.uri(path + "/retry"))
        .header("Content-Type", "application/json")
        .header("If-Match", seen)
        .POST(HttpRequest.BodyPublishers.ofString(WHY));
  }

  @Test
  void records_are_discarded_by_filter_after_a_dry_run() throws Exception {
    startWithAParkedRecord();
    String filter = "\"filter\": {\"parked\": true, \"reasons\": [\"FAILED\"]}";
    Answer dry =
        http.post(
            "/projections/log/skips/discard",
            "{" + filter + ", \"dryRun\": true, \"reason\": \"let us see\"}");
    assertThat(dry.json().path("matched").asInt()).isEqualTo(1);
    assertThat(dry.json().path("changed").asInt()).isZero();
    assertThat(world.open(log)).hasSize(2);

    Answer done =
        http.post("/projections/log/skips/discard", "{" + filter + ", \"reason\": \"junk\"}");
    assertThat(done.json().path("changed").asInt()).isEqualTo(1);
    eventually(() -> assertThat(world.open(log)).isEmpty());
    assertThat(http.get("/projections/log/operations").json().at("/operations/0/reason").asText())
        .isEqualTo("junk");
    world.audit(log);
  }

  @Test
  void a_request_with_the_same_key_is_carried_out_once() throws Exception {
    node.startAndFinish(log);
    Answer first = http.send(keyed("/projections/log/rebuild", "k1", WHY));
    get(node.kintsugi().whenDone("log"));
    Answer second = http.send(keyed("/projections/log/rebuild", "k1", WHY));
    assertThat(second.status()).isEqualTo(202);
    assertThat(second.response().body()).isEqualTo(first.response().body());
    assertThat(second.header("Location")).isEqualTo(first.header("Location"));
    assertThat(world.column("SELECT generation FROM kintsugi_rebuild ORDER BY 1"))
        .containsExactly("1", "2");

    assertProblem(
        http.send(keyed("/projections/log/pause", "k1", WHY)), 422, "used for another request");
    assertProblem(http.send(keyed("/projections/log/pause", " ", WHY)), 400, "1 to 200");
  }

  @Test
  void a_key_of_a_request_that_changed_nothing_can_be_used_again() throws Exception {
    assertProblem(http.send(keyed("/projections/log/rebuild", "k2", WHY)), 404, "no projection");
    node.startAndFinish(log);
    assertThat(http.send(keyed("/projections/log/rebuild", "k2", WHY)).status()).isEqualTo(202);
  }

  @Test
  void a_key_whose_first_request_has_no_answer_is_not_carried_out() throws Exception {
    node.startAndFinish(log);
    http.send(keyed("/projections/log/rebuild", "k3", WHY));
    get(node.kintsugi().whenDone("log"));
    world.execute("UPDATE kintsugi_request SET status = NULL, answer = NULL");
    assertProblem(
        http.send(keyed("/projections/log/rebuild", "k3", WHY)),
        409,
        "what came of it is not known");
    assertThat(world.column("SELECT count(*) FROM kintsugi_rebuild")).containsExactly("2");
  }

  private HttpRequest.Builder keyed(String path, String key, String body) {
    return HttpRequest.newBuilder(http.uri(path))
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", key)
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  @Test
  void who_asks_is_kept_from_the_credentials_or_else_as_it_is_said() throws Exception {
    node.startAndFinish(log);
    http.post("/projections/log/pause", "{\"reason\": \"a\", \"requestedBy\": \"ann\"}");
    String basic =
        Base64.getEncoder().encodeToString("bob:secret".getBytes(StandardCharsets.UTF_8));
    http.send(
        HttpRequest.newBuilder(http.uri("/projections/log/resume"))
            .header("Content-Type", "application/json")
            .header("Authorization", "Basic " + basic)
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"reason\": \"b\", \"requestedBy\": \"ann\"}")));
    assertThat(http.get("/projections/log/operations").json().findValuesAsText("requestedBy"))
        .containsExactly("bob", "ann");
  }

  @Test
  void another_sites_page_changes_nothing() throws Exception {
    node.startAndFinish(log);
    HttpRequest.Builder foreign =
        HttpRequest.newBuilder(http.uri("/projections/log/pause"))
            .header("Content-Type", "application/json")
            .header("Origin", "https://evil.example")
            .POST(HttpRequest.BodyPublishers.ofString(WHY));
    assertProblem(http.send(foreign), 403, "another site");
    HttpRequest.Builder fetched =
        HttpRequest.newBuilder(http.uri("/projections/log/rebuild?reason=x"))
            .header("Sec-Fetch-Site", "cross-site")
            .DELETE();
    assertProblem(http.send(fetched), 403, "another site");
    HttpRequest.Builder form =
        HttpRequest.newBuilder(http.uri("/projections/log/pause"))
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString(WHY));
    assertProblem(http.send(form), 415, "application/json");
    assertThat(world.generation(log).paused()).isFalse();
  }

  @Test
  void a_read_only_management_changes_nothing() throws Exception {
    try (TestSystem readOnly =
        new TestSystem(world, "pekko.management.http { hostname = \"127.0.0.1\", port = 0 }")) {
      Management reading = Management.start(readOnly);
      readOnly.startAndFinish(log);
      assertThat(reading.get("/projections").json().path("readOnly").asBoolean()).isTrue();
      assertProblem(reading.post("/projections/log/pause", WHY), 403, "read-only");
      assertProblem(reading.delete("/projections/log/rebuild?reason=x"), 403, "read-only");
      assertThat(world.generation(log).paused()).isFalse();
    }
  }

  @Test
  void what_is_not_there_or_not_so_is_a_problem_with_a_reason() throws Exception {
    node.startAndFinish(log);
    assertProblem(http.get("/projections/nobody"), 404, "there is no projection 'nobody'");
    assertProblem(http.get("/projections/nobody/rebuilds"), 404, "nobody");
    assertProblem(http.post("/projections/nobody/pause", WHY), 404, "nobody");
    assertProblem(http.post("/projections/nobody/rebuild", WHY), 404, "nobody");
    assertProblem(http.get("/projections/log/x/y/z"), 404, "nothing at this path");
    assertProblem(http.get("/projections/log/skips/first"), 404, "names no skip record");
    assertProblem(http.get("/projections/log/rebuilds/99"), 404, "no rebuild of generation 99");
    assertProblem(http.delete("/projections/log/pause"), 405, "POST");
    assertThat(http.delete("/projections/log/pause").header("Allow")).isEqualTo("POST");
    assertProblem(http.get("/projections/log/skips?limit=0"), 400, "from 1 to 1000");
    assertProblem(http.get("/projections/log/skips?colour=red"), 400, "no parameter 'colour'");
    assertProblem(http.get("/projections/log/skips?reason=BORED"), 400, "reason is 'BORED'");
    assertProblem(http.get("/projections/log/skips?olderThan=soon"), 400, "ISO 8601");
    assertProblem(http.post("/projections/log/pause", "{"), 400, "the body");
    assertProblem(http.post("/projections/log/pause", "{}"), 400, "reason is missing");
    assertProblem(http.post("/projections/log/pause", "null"), 400, "JSON object");
    assertProblem(
        http.post("/projections/log/pause", "{\"reason\": \"x\", \"why\": 1}"), 400, "why");
    assertProblem(
        http.post("/projections/log/pause", "{\"reason\": \"" + "x".repeat(70_000) + "\"}"),
        413,
        "65536");
    assertProblem(
        http.post("/projections/log/rate", "{\"reason\": \"x\", \"eventsPerSecond\": -1}"),
        400,
        "eventsPerSecond");
  }

  private void assertRefused(String body, String detail) throws Exception {
    assertProblem(http.post("/projections/log/skips/discard", body), 400, detail);
  }

  @Test
  void a_value_of_another_type_is_not_taken_for_what_it_may_mean() throws Exception {
    startWithAParkedRecord();
    assertRefused("{\"reason\": 1, \"filter\": {}}", "String");
    assertRefused("{\"reason\": \"x\", \"requestedBy\": true, \"filter\": {}}", "String");
    assertRefused("{\"reason\": \"x\", \"filter\": {\"reasons\": [0]}}", "SkipReason");
    assertRefused("{\"reason\": \"x\", \"filter\": {\"reasons\": [null]}}", "null");
    assertRefused("{\"reason\": \"x\", \"filter\": {\"stream\": 1}}", "String");
    assertThat(world.open(log)).hasSize(2);
  }

  @Test
  void half_a_character_is_no_text() throws Exception {
    startWithAParkedRecord();
    assertRefused("{\"reason\": \"\\ud800\", \"filter\": {}}", "surrogate");
    assertRefused("{\"reason\": \"x\", \"filter\": {\"stream\": \"\\udc00\"}}", "surrogate");
    assertProblem(http.get("/projections/log/skips?stream=%c3%28"), 400, "UTF-8");
    assertProblem(http.delete("/projections/log/rebuild?reason=%ff"), 400, "UTF-8");
    assertThat(world.open(log)).hasSize(2);
  }

  @Test
  void a_body_in_another_encoding_than_utf_8_is_refused() throws Exception {
    node.startAndFinish(log);
    for (byte[] body :
        List.of(
            WHY.getBytes(StandardCharsets.UTF_16),
            WHY.getBytes(StandardCharsets.UTF_16LE),
            WHY.replace("test", "t\u00e4st").getBytes(StandardCharsets.ISO_8859_1))) {
      HttpRequest.Builder pause =
          HttpRequest.newBuilder(http.uri("/projections/log/pause"))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofByteArray(body));
      assertProblem(http.send(pause), 400, "the body");
    }
    assertThat(world.generation(log).paused()).isFalse();
  }

  private HttpRequest.Builder pauseWith(String... headers) {
    return HttpRequest.newBuilder(http.uri("/projections/log/pause"))
        .header("Content-Type", "application/json")
        .headers(headers)
        .POST(HttpRequest.BodyPublishers.ofString(WHY));
  }

  @Test
  void a_header_that_can_not_be_read_or_is_there_twice_is_not_passed_over() throws Exception {
    node.startAndFinish(log);
    String own = "http://" + http.uri("/").getAuthority();
    assertProblem(
        http.send(pauseWith("Origin", own, "Origin", "https://evil.example")), 400, "Origin");
    assertProblem(
        http.send(pauseWith("Idempotency-Key", "a", "Idempotency-Key", "b")), 400, "twice");
    assertProblem(http.send(pauseWith("Idempotency-Key", "k 1")), 400, "visible");
    assertProblem(http.send(pauseWith("If-Match", "1-parked\"")), 400, "if-match");
    assertProblem(http.send(pauseWith("Authorization", "")), 400, "authorization");
    assertThat(world.generation(log).paused()).isFalse();
  }

  @Test
  void a_body_that_is_too_large_is_read_so_that_its_sender_sees_why_it_is_refused()
      throws Exception {
    node.startAndFinish(log);
    assertProblem(http.post("/projections/log/pause", WHY + " ".repeat(500_000)), 413, "65536");
  }

  @Test
  void events_tell_what_changes() throws Exception {
    node.startAndFinish(log);
    HttpResponse<InputStream> stream =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(http.uri("/projections/events")).build(),
                HttpResponse.BodyHandlers.ofInputStream());
    assertThat(stream.headers().firstValue("Content-Type")).contains("text/event-stream");
    try (var lines = new java.util.Scanner(stream.body(), StandardCharsets.UTF_8)) {
      assertThat(lines.nextLine()).isEqualTo("event: projections");
      assertThat(lines.nextLine()).startsWith("data: {").contains("\"paused\":false");
      http.post("/projections/log/pause", WHY);
      String line = "";
      while (!line.contains("\"paused\":true")) {
        line = lines.nextLine();
      }
      assertThat(line).startsWith("data: {");
    }
  }

  @Test
  void the_dashboard_comes_with_a_strict_policy() throws Exception {
    Answer page = http.get("/projections/ui");
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("Content-Type")).isEqualTo("text/html; charset=UTF-8");
    assertThat(page.header("Content-Security-Policy"))
        .startsWith("default-src 'none'; script-src 'self'");
    assertThat(http.get("/projections/ui/app.js").header("Content-Type"))
        .startsWith("application/javascript");
    assertThat(http.get("/projections/ui/uplot/uPlot.esm.js").status()).isEqualTo(200);
    assertThat(http.get("/projections/ui/").header("Location")).isEqualTo("/projections/ui");
    assertProblem(http.get("/projections/ui/..%2fopenapi.json"), 404, "no such file");
    assertProblem(http.get("/projections/ui/nothing.js"), 404, "no such file");
  }

  @Test
  void a_node_is_ready_also_while_a_projection_is_rebuilt_or_has_parked_records() throws Exception {
    startWithAParkedRecord();
    assertThat(http.get("/ready").status()).isEqualTo(200);
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      http.post("/projections/log/rebuild", WHY);
      assertThat(http.get("/ready").status()).isEqualTo(200);
      held.rollback();
    }
    assertThat(http.get("/alive").status()).isEqualTo(200);
    get(node.kintsugi().whenDone("log").handle((done, error) -> "ended"));

    world.execute("DELETE FROM kintsugi_projection");
    assertThat(http.get("/ready").status()).as("the projection is not known").isEqualTo(500);
  }

  @Test
  void a_node_is_ready_also_while_rebuilds_keep_all_threads_busy_that_may_block() throws Exception {
    node.startAndFinish(log);
    CountDownLatch end = new CountDownLatch(1);
    try {
      for (int i = 0; i < 100; i++) {
        node.node()
            .onBlockingThread(
                () -> {
                  end.await();
                  return "ended";
                });
      }
      assertThat(http.get("/ready").status()).isEqualTo(200);
    } finally {
      end.countDown();
    }
  }
}
