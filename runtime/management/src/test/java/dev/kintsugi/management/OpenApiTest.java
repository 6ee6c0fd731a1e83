package dev.kintsugi.management;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kintsugi.management.ApiDocument.Operation;
import dev.kintsugi.management.Management.Answer;
import dev.kintsugi.projections.Backoff;
import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Iterator;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The document that the routes come with, held against what they are and what they answer. */
@Tag("slow")
class OpenApiTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of the dashboard, which is documented by its page alone. */
  private static final Set<String> UNDOCUMENTED =
      Set.of("/projections/ui/", "/projections/ui/{file}", "/projections/ui/uplot/{file}");

  private static final String ONE = "/projections/{name}";
  private static final String SKIPS = ONE + "/skips";
  private static final String VERIFICATIONS = ONE + "/verifications";
  private static final Operation STOP_VERIFICATION =
      new Operation("DELETE", VERIFICATIONS + "/{verification}");
  private static final Operation STOP = new Operation("DELETE", ONE + "/rebuild");

  private static final String WHY = "{\"reason\": \"a test\", \"requestedBy\": \"ann\"}";
  private static final String FAILED =
      "\"filter\": {\"reasons\": [\"FAILED\"], \"parked\": true, \"stream\": \"a\", \"olderThan\": \"PT0S\"}";

  private final World world = new World();
  private final TestSystem node =
      new TestSystem(world, Management.SETTINGS + "kintsugi.rebuild.batch-size = 2");
  private final ApiDocument document = new ApiDocument();
  private final AtomicInteger keys = new AtomicInteger();
  private final Management http;

  OpenApiTest() throws Exception {
    http = Management.start(node);
  }

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  @Test
  void every_route_is_in_the_document_and_every_operation_of_the_document_is_a_route() {
    Set<Operation> routes = new TreeSet<>();
    for (Router.Line line : ProjectionRoutes.lines(node.kintsugi(), false)) {
      String path = "/projections" + line.template();
      if (!UNDOCUMENTED.contains(path)) {
        routes.add(new Operation(line.method().value(), path));
      }
    }
    assertThat(document.operations()).isEqualTo(routes);
  }

  @Test
  void every_answer_is_as_documented_and_everything_documented_is_answered() throws Exception {
    TestProjection log =
        new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry().thenPark());
    TestProjection slow =
        new TestProjection("slow")
            .onFailure(
                FailurePolicy.skip()
                    .retry(Duration.ofDays(9), Backoff.constant(Duration.ofDays(1)))
                    .thenPark());
    TestProjection strict = new TestProjection("strict").onFailure(FailurePolicy.reject());
    node.startAndFinish(log, slow, strict, new TestProjection("search").following());
    world.execute("UPDATE kintsugi_cursor SET position = 1000000"); // beyond the journal
    get(ONE, "/projections/search");

    records(log, slow);
    rebuilds(log, strict);
    pauses();
    verifications(log);
    beside();
    reads();
    endings();
    http.send(keyed("/projections/log/pause", "of-pause", WHY));
    http.send(keyed("/projections/log/resume", "of-resume", WHY));
    for (Operation operation : document.operations()) {
      refusals(operation);
    }
    readOnly();
    withoutDatabase();

    assertThat(document.unseenProperties()).isEmpty();
    assertThat(document.unseenStatuses(Set.of("408", "500"))).isEmpty();
  }

  private void records(TestProjection log, TestProjection slow) throws Exception {
    log.failOn("poison").failOn("poison too");
    slow.failOn("poison");
    node.record("a", "poison", "behind");
    node.record("b", "poison too", "behind too");
    eventually(
        () ->
            assertThat(http.get("/projections/log/skips?parked=true").json().path("skips"))
                .hasSize(2));
    get(SKIPS, "/projections/log/skips?parked=true&reason=FAILED&stream=a&olderThan=PT0S");
    get(SKIPS, "/projections/log/skips?limit=1&after=0");
    get(SKIPS, "/projections/slow/skips");
    get("/projections", "/projections");
    get(ONE, "/projections/log");
    String first = idOfTheFirst();
    get(SKIPS + "/{id}", "/projections/log/skips/" + first);
    for (String change : new String[] {"/retry", "/discard"}) {
      HttpRequest.Builder seenElse =
          request("POST", "/projections/log/skips/" + first + change, WHY)
              .header("If-Match", "\"99\"");
      check(new Operation("POST", SKIPS + "/{id}" + change), http.send(seenElse), 412);
    }

    post(SKIPS + "/discard", "/skips/discard", sure(true), 200);
    post(SKIPS + "/retry", "/skips/retry", sure(true), 200);
    post(SKIPS + "/retry", "/skips/retry", sure(false), 200);
    eventually(
        () ->
            assertThat(http.get("/projections/log/skips?parked=true").json().path("skips"))
                .hasSize(2));
    log.repair();
    post(SKIPS + "/{id}/retry", "/skips/" + first + "/retry", WHY, 200);
    eventually(() -> assertThat(world.open(log)).hasSize(2));
    post(SKIPS + "/{id}/discard", "/skips/" + idOfTheFirst() + "/discard", WHY, 200);
    eventually(() -> assertThat(world.open(log)).isEmpty());
    post(SKIPS + "/discard", "/skips/discard", sure(false), 200);
  }

  private static String sure(boolean dryRun) {
    return "{%s, \"dryRun\": %s, \"reason\": \"a test\", \"requestedBy\": \"ann\"}"
        .formatted(FAILED, dryRun);
  }

  private String idOfTheFirst() throws Exception {
    return http.get("/projections/log/skips").json().at("/skips/0/id").asText();
  }

  private void rebuilds(TestProjection log, TestProjection strict) throws Exception {
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      post(ONE + "/rebuild", "/rebuild", WHY, 202);
      post(
          ONE + "/rebuild",
          "/rebuild",
          "{\"allowLowerVersion\": true, \"reason\": \"a test\"}",
          409);
      eventually(() -> assertThat(projection("log").at("/fence/waitsFor")).hasSize(1));
      get(ONE, "/projections/log");
      String rate = "{\"eventsPerSecond\": 1000, \"reason\": \"calm\", \"requestedBy\": \"ann\"}";
      post(ONE + "/rate", "/rate", rate, 200);
      check(STOP, http.delete("/projections/log/rebuild?reason=enough&requestedBy=ann"), 200);
      held.rollback();
    }
    check(STOP, http.delete("/projections/log/rebuild?reason=again"), 409);
    TestSystem.get(node.kintsugi().whenDone("log"));
    node.record("c", "one", "two", "three", "four", "five");
    TestProjection.Gate gate = log.holdOn("five");
    post(ONE + "/rebuild", "/rebuild", "{\"inPlace\": true, \"reason\": \"a test\"}", 202);
    gate.awaitReached();
    eventually(() -> assertThat(projection("log").at("/rebuild/secondsLeft").isNumber()).isTrue());
    get(ONE, "/projections/log");
    gate.open();
    TestSystem.get(node.kintsugi().whenDone("log"));
    for (String change : new String[] {"/approve", "/reject", "/undo", "/retire-replaced"}) {
      post(ONE + change, change, WHY, 409);
    }
    post(ONE + "/rate", "/rate", "{\"eventsPerSecond\": 0, \"reason\": \"late\"}", 409);

    strict.failOn("five");
    http.post("/projections/strict/rebuild", WHY);
    eventually(
        () -> assertThat(projection("strict").at("/rebuild/lastError").isTextual()).isTrue());
    get(ONE, "/projections/strict");
  }

  private JsonNode projection(String name) throws Exception {
    return http.get("/projections/" + name).json();
  }

  private void pauses() throws Exception {
    post(ONE + "/pause", "/pause", WHY, 200);
    get(ONE, "/projections/log");
    post(ONE + "/resume", "/resume", WHY, 200);
  }

  private void verifications(TestProjection log) throws Exception {
    world.execute("UPDATE log_log SET payload = 'else' WHERE persistence_id = 'c'");
    TestProjection.Gate gate = log.holdOn("five");
    post(VERIFICATIONS, "/verifications", WHY, 202);
    gate.awaitReached();
    post(VERIFICATIONS, "/verifications", WHY, 409);
    String id =
        http.get("/projections/log/verifications").json().at("/verifications/0/id").asText();
    String path = "/projections/log/verifications/" + id;
    get(VERIFICATIONS + "/{verification}", path);
    gate.open();
    eventually(
        () -> assertThat(http.get(path).json().path("state").asText()).isEqualTo("different"));
    get(VERIFICATIONS + "/{verification}", path);
    check(STOP_VERIFICATION, http.delete(path + "?reason=late"), 409);

    TestProjection.Gate again = log.holdOn("five");
    String next = http.post("/projections/log/verifications", WHY).header("Location");
    again.awaitReached();
    check(STOP_VERIFICATION, http.delete(next + "?reason=enough&requestedBy=ann"), 200);
    again.open();
    get(VERIFICATIONS, "/projections/log/verifications");
  }

  private void beside() throws Exception {
    TestProjection twin = new TestProjection("twin").rebuilt(RebuildPolicy.beside().whenApproved());
    node.startAndFinish(twin);
    world.execute("UPDATE twin_log SET payload = 'else' WHERE persistence_id = 'c'");
    TestProjection.Gate gate = twin.holdOn("five");
    ofTwin("/rebuild", 202);
    gate.awaitReached();
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      gate.open();
      eventually(
          () -> assertThat(projection("twin").at("/rebuild/phase").asText()).isEqualTo("catch_up"));
      assertThat(projection("twin").at("/beside/0/lag").isNumber()).isTrue();
      get(ONE, "/projections/twin");
      held.rollback();
    }
    eventually(() -> assertThat(projection("twin").at("/rebuild/heldFor").isTextual()).isTrue());
    get(ONE, "/projections/twin");
    get("/projections", "/projections");
    get(ONE + "/rebuilds/{generation}/comparison", "/projections/twin/rebuilds/2/comparison");
    ofTwin("/approve", 200);
    eventually(() -> assertThat(projection("twin").at("/beside/0/kept").asBoolean()).isTrue());
    get(ONE, "/projections/twin");
    get(ONE + "/rebuilds/{generation}", "/projections/twin/rebuilds/1");
    ofTwin("/undo", 200);
    eventually(() -> assertThat(projection("twin").at("/rebuild/undoneAt").isTextual()).isTrue());
    eventually(() -> assertThat(projection("twin").at("/beside/0/kept").asBoolean()).isTrue());
    get(ONE, "/projections/twin");
    ofTwin("/retire-replaced", 200);
    eventually(() -> assertThat(projection("twin").path("beside")).isEmpty());
    ofTwin("/rebuild", 202);
    ofTwin("/reject", 200);
    get(ONE + "/rebuilds", "/projections/twin/rebuilds");
    get(ONE + "/operations", "/projections/twin/operations");
  }

  private void ofTwin(String change, int status) throws Exception {
    check(
        new Operation("POST", ONE + change), http.post("/projections/twin" + change, WHY), status);
  }

  private void endings() throws Exception {
    String retire =
        "{\"tables\": \"drop\", \"force\": false, \"reason\": \"a test\", \"requestedBy\": \"ann\"}";
    post(ONE + "/retire", "/retire", retire, 409);
    String rename = "{\"to\": \"slow\", \"reason\": \"a test\", \"requestedBy\": \"ann\"}";
    post(ONE + "/rename", "/rename", rename, 409);
    check(
        new Operation("POST", ONE + "/rename"),
        http.post("/projections/slow/rename", rename.replace("slow", "slower")),
        202);
    node.record("late", "one");
    world.execute(
        "UPDATE kintsugi_skip SET reason = 'NO_HANDLER', recorded_at = now() - INTERVAL '1 hour'"
            + " WHERE projection = 'slower'");
    get("/projections", "/projections");
    get(ONE, "/projections/slower");
    check(
        new Operation("POST", ONE + "/retire"),
        http.post("/projections/slower/retire", retire),
        202);
    get(ONE + "/retirement", "/projections/slower/retirement");
    world.execute(
        "UPDATE kintsugi_retirement SET ended_at = clock_timestamp(), last_error = 'in the way'"
            + " WHERE projection = 'slower'");
    get(ONE + "/retirement", "/projections/slower/retirement");
    world.execute(
        "UPDATE kintsugi_rebuild SET blocked_at = clock_timestamp(), last_error = 'in the way',"
            + " phase = 'drain'"
            + " WHERE projection = 'log'");
    get("/projections", "/projections");
    get(ONE + "/rebuilds", "/projections/log/rebuilds");
    get(ONE + "/operations", "/projections/slower/operations");
  }

  private void reads() throws Exception {
    get("/projections", "/projections");
    get(ONE + "/rebuilds", "/projections/log/rebuilds?limit=2");
    get(ONE + "/rebuilds/{generation}", "/projections/log/rebuilds/2");
    get(ONE + "/operations", "/projections/log/operations");
    get("/projections/ui", "/projections/ui");
    get("/projections/openapi.json", "/projections/openapi.json");
    assertThat(http.get("/projections/openapi.json").json()).isEqualTo(document.json());
    HttpResponse<Stream<String>> events =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(http.uri("/projections/events")).build(),
                HttpResponse.BodyHandlers.ofLines());
    document.seen(new Operation("GET", "/projections/events"), 200);
    try (Stream<String> lines = events.body()) {
      Iterator<String> line = lines.iterator();
      assertThat(line.next()).isEqualTo("event: projections");
      document.check("Projections", JSON.readTree(line.next().replaceFirst("data: ", "")));
    }
  }

  /** What goes wrong the same way wherever it is documented. */
  private void refusals(Operation operation) throws Exception {
    String path = path(operation, "log");
    if (has(operation, "404")) {
      check(
          operation,
          http.send(request(operation.method(), path(operation, "nobody"), body(operation))),
          404);
    }
    if (has(operation, "400")) {
      check(
          operation,
          http.send(
              request(
                  operation.method(),
                  path + (path.contains("?") ? "&" : "?") + "colour=red",
                  body(operation))),
          400);
    }
    if (has(operation, "403")) {
      HttpRequest.Builder foreign = request(operation.method(), path, body(operation));
      check(operation, http.send(foreign.header("Origin", "https://evil.example")), 403);
    }
    if (operation.method().equals("POST")) {
      refusalsOfBodies(operation, path);
      String used = path.endsWith("/pause") ? "of-resume" : "of-pause";
      check(operation, http.send(keyed(path, used, body(operation))), 422);
    }
  }

  private void refusalsOfBodies(Operation operation, String path) throws Exception {
    for (String body :
        new String[] {"{}", "{\"reason\": \" \"}", "{\"reason\": \"x\", \"y\": 1}"}) {
      check(operation, http.post(path, body), 400);
      assertThat(document.complaints(operation, JSON.readTree(body))).as(body).isNotEmpty();
    }
    check(operation, http.post(path, "{\"reason\": \"" + "x".repeat(70_000) + "\"}"), 413);
    check(
        operation,
        http.send(
            HttpRequest.newBuilder(http.uri(path))
                .header("Content-Type", "text/plain")
                .POST(BodyPublishers.ofString(body(operation)))),
        415);
  }

  private boolean has(Operation operation, String status) {
    return document.of(operation).path("responses").has(status);
  }

  private void readOnly() throws Exception {
    try (TestSystem reading =
        new TestSystem(world, "pekko.management.http { hostname = \"127.0.0.1\", port = 0 }")) {
      Management only = Management.start(reading);
      for (Operation operation : document.operations()) {
        if (!operation.method().equals("GET")) {
          check(
              operation,
              only.send(request(only, operation.method(), path(operation, "log"), body(operation))),
              403);
        }
      }
    }
  }

  /** A node whose database is not there has nothing to show. */
  private void withoutDatabase() throws Exception {
    try (TestSystem lost =
        new TestSystem(
            "jdbc:postgresql://127.0.0.1:1/none",
            Management.SETTINGS + "kintsugi.jdbc.connection-timeout = 250ms")) {
      Management alone = Management.start(lost);
      for (Operation operation : document.operations()) {
        check(
            operation,
            alone.send(request(alone, operation.method(), path(operation, "log"), body(operation))),
            document.of(operation).path("responses").has("503") ? 503 : 200);
      }
    }
  }

  // Requests

  private static String path(Operation operation, String name) {
    String path =
        operation
            .path()
            .replace("{name}", name)
            .replace("{generation}", "99")
            .replace("{verification}", "99")
            .replace("{id}", "99-1");
    return operation.method().equals("DELETE") ? path + "?reason=a+test" : path;
  }

  /** A body that is as the operation wants it. */
  private static String body(Operation operation) {
    String path = operation.path();
    if (path.endsWith("/rate")) {
      return "{\"eventsPerSecond\": 5, \"reason\": \"a test\"}";
    }
    if (path.endsWith("/retire")) {
      return "{\"tables\": \"keep\", \"reason\": \"a test\"}";
    }
    if (path.endsWith("/rename")) {
      return "{\"to\": \"better\", \"reason\": \"a test\"}";
    }
    return path.startsWith(SKIPS) && !path.contains("{id}") ? sure(true) : WHY;
  }

  private HttpRequest.Builder request(String method, String path, String body) {
    return request(http, method, path, body);
  }

  private static HttpRequest.Builder request(
      Management management, String method, String path, String body) {
    return HttpRequest.newBuilder(management.uri(path))
        .header("Content-Type", "application/json")
        .method(
            method,
            method.equals("POST") ? BodyPublishers.ofString(body) : BodyPublishers.noBody());
  }

  private HttpRequest.Builder keyed(String path, String key, String body) {
    return request("POST", path, body).header("Idempotency-Key", key);
  }

  private void get(String template, String path) throws Exception {
    check(new Operation("GET", template), http.get(path), 200);
  }

  /**
   * Asks for a change of projection log. One that is made is asked for again with its key, as if
   * what came of it were not known.
   */
  private void post(String template, String path, String body, int status) throws Exception {
    Operation operation = new Operation("POST", template);
    String key = "key-" + keys.incrementAndGet();
    document.checkRequest(operation, JSON.readTree(body));
    Answer answer = http.send(keyed("/projections/log" + path, key, body));
    check(operation, answer, status);
    if (status < 300 && !answer.json().path("dryRun").asBoolean()) {
      world.execute("UPDATE kintsugi_request SET status = NULL, answer = NULL");
      check(operation, http.send(keyed("/projections/log" + path, key, body)), 409);
    }
  }

  private void check(Operation operation, Answer answer, int status) {
    assertThat(answer.status()).as("%s: %s", operation, answer.response().body()).isEqualTo(status);
    document.check(operation, answer);
  }
}
