package dev.kintsugi.management;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kintsugi.management.Management.Answer;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.net.http.HttpRequest;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The routes about generations beside the one that serves, as a client sees them. */
@Tag("slow")
class BesideRoutesTest {

  private static final String WHY = "{\"reason\": \"a test\", \"requestedBy\": \"ann\"}";

  private final World world = new World();
  private final TestSystem node = new TestSystem(world, Management.SETTINGS);
  private final TestProjection log =
      new TestProjection("log").rebuilt(RebuildPolicy.beside().whenApproved());
  private Management http;

  @BeforeEach
  void start() throws Exception {
    http = Management.start(node);
    node.startAndFinish(log);
    node.record("a", "one", "two");
  }

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private JsonNode status() throws Exception {
    return http.get("/projections/log").json();
  }

  private void holdOne() throws Exception {
    assertThat(http.post("/projections/log/rebuild", WHY).status()).isEqualTo(202);
    eventually(() -> assertThat(status().at("/rebuild/heldFor").asText("")).contains("approval"));
  }

  private static void assertConflict(Answer answer, String detail) {
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(409);
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    assertThat(answer.json().path("detail").asText()).contains(detail);
  }

  private static String message(Answer answer) {
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
    return answer.json().path("message").asText();
  }

  @Test
  void one_is_compared_approved_and_served_and_the_older_one_is_kept() throws Exception {
    world.execute("UPDATE log_log SET payload = '<b>else</b>' WHERE sequence_number = 2");
    holdOne();

    JsonNode held = status();
    assertThat(held.path("generation").asInt()).isEqualTo(1);
    assertThat(held.path("serving").asBoolean()).isTrue();
    assertThat(held.path("status").asText()).isEqualTo("active");
    assertThat(held.at("/rebuild/beside").asBoolean()).isTrue();
    assertThat(held.at("/rebuild/phase").asText()).isEqualTo("swap");
    assertThat(held.at("/rebuild/version").asInt()).isEqualTo(1);
    assertThat(held.at("/rebuild/comparedAt").isTextual()).isTrue();
    assertThat(held.at("/rebuild/approvedAt").isNull()).isTrue();
    assertThat(held.path("beside")).hasSize(1);
    JsonNode beside = held.at("/beside/0");
    assertThat(beside.path("generation").asInt()).isEqualTo(2);
    assertThat(beside.path("place").asText()).isEqualTo("kintsugi_log_2");
    assertThat(beside.path("phase").asText()).isEqualTo("swap");
    assertThat(beside.path("kept").asBoolean()).isFalse();
    assertThat(beside.path("keptUntil").isNull()).isTrue();
    JsonNode summary = http.get("/projections").json().at("/projections/0");
    assertThat(summary.path("newGeneration").asInt()).isEqualTo(2);
    assertThat(summary.path("heldFor").asText()).contains("approval");

    JsonNode comparison = http.get("/projections/log/rebuilds/2/comparison").json();
    assertThat(comparison.path("same").asBoolean()).isFalse();
    JsonNode table = comparison.at("/tables/0");
    assertThat(table.path("equal").asInt()).isEqualTo(1);
    assertThat(table.path("differing").asInt()).isEqualTo(1);
    assertThat(table.at("/differingByColumn/payload").asInt()).isEqualTo(1);
    assertThat(table.at("/examples/0/older").asText()).contains("<b>else</b>");
    assertThat(table.at("/examples/0/newer").asText()).contains("two");
    assertConflict(http.post("/projections/log/undo", WHY), "no generation is kept");

    assertThat(message(http.post("/projections/log/approve", WHY))).contains("is approved");
    eventually(() -> assertThat(status().path("generation").asInt()).isEqualTo(2));
    assertConflict(http.post("/projections/log/approve", WHY), "ann has approved it");

    eventually(() -> assertThat(status().at("/beside/0/kept").asBoolean()).isTrue());
    JsonNode served = status();
    assertThat(served.path("place").asText()).isEqualTo("kintsugi_log_2");
    assertThat(served.at("/rebuild/approvedBy").asText()).isEqualTo("ann");
    assertThat(served.at("/rebuild/swappedAt").isTextual()).isTrue();
    assertThat(served.at("/beside/0/generation").asInt()).isEqualTo(1);
    assertThat(served.at("/beside/0/keptUntil").isTextual()).isTrue();
    assertThat(http.get("/projections/log/rebuilds/1").json().path("keptUntil").isTextual())
        .isTrue();
    node.record("a", "three");
    world.auditWhole(log);
  }

  @Test
  void a_swap_is_undone_and_what_it_replaced_retired() throws Exception {
    holdOne();
    http.post("/projections/log/approve", WHY);
    eventually(() -> assertThat(status().at("/beside/0/kept").asBoolean()).isTrue());
    node.record("a", "three");

    assertThat(message(http.post("/projections/log/undo", WHY))).contains("serves again");
    eventually(() -> assertThat(status().path("generation").asInt()).isEqualTo(1));
    eventually(
        () -> assertThat(status().at("/rebuild/undoneAt").isTextual() && isKept(2)).isTrue());
    world.auditWhole(log);

    assertThat(message(http.post("/projections/log/retire-replaced", WHY))).contains("is retired");
    eventually(() -> assertThat(status().path("beside")).isEmpty());
    assertConflict(http.post("/projections/log/undo", WHY), "no generation is kept");
    assertConflict(http.post("/projections/log/retire-replaced", WHY), "no generation is kept");
    assertThat(
            http.get("/projections/log/operations")
                .json()
                .path("operations")
                .findValuesAsText("kind"))
        .containsExactly("UNDO", "UNDO", "APPROVE");
    node.record("a", "four");
    world.auditWhole(log);
  }

  private boolean isKept(int generation) throws Exception {
    JsonNode beside = status().at("/beside/0");
    return beside.path("generation").asInt() == generation && beside.path("kept").asBoolean();
  }

  @Test
  void one_is_rejected_and_nothing_is_left_of_it() throws Exception {
    assertConflict(http.post("/projections/log/reject", WHY), "is not built beside another one");
    holdOne();

    assertThat(message(http.post("/projections/log/reject", WHY)))
        .contains("what serves is untouched");

    eventually(
        () ->
            assertThat(
                    world.column(
                        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'kintsugi_%'"))
                .isEmpty());
    assertThat(status().path("beside")).isEmpty();
    assertThat(http.get("/projections/log/rebuilds/2").json().path("stoppedBy").asText())
        .isEqualTo("ann");
    node.record("a", "three");
    world.auditWhole(log);
  }

  @Test
  void one_is_rebuilt_in_place_by_request_and_that_is_not_rejected() throws Exception {
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      Answer accepted =
          http.post("/projections/log/rebuild", "{\"inPlace\": true, \"reason\": \"no disk\"}");
      assertThat(accepted.json().path("message").asText()).contains("is rebuilt in place");

      assertConflict(http.post("/projections/log/reject", WHY), "is not built beside another one");
      held.rollback();
    }
    get(node.kintsugi().whenDone("log"));
    JsonNode rebuild = http.get("/projections/log/rebuilds/2").json();
    assertThat(rebuild.path("beside").asBoolean()).isFalse();
    assertThat(rebuild.path("phase").asText()).isEqualTo("done");
    assertThat(http.get("/projections/log/rebuilds/2/comparison").status()).isEqualTo(404);
    world.auditWhole(log);
  }

  @Test
  void a_lower_version_is_not_asked_for_in_place() throws Exception {
    Answer refused =
        http.post(
            "/projections/log/rebuild",
            "{\"inPlace\": true, \"allowLowerVersion\": true, \"reason\": \"both\"}");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().path("detail").asText()).contains("inPlace and allowLowerVersion");
    assertThat(world.generation(log).generation()).isEqualTo(1);
  }

  @Test
  void an_approval_is_made_once_by_its_key() throws Exception {
    holdOne();
    Answer first = http.send(keyed("/projections/log/approve"));
    eventually(() -> assertThat(status().path("generation").asInt()).isEqualTo(2));

    Answer second = http.send(keyed("/projections/log/approve"));

    assertThat(second.status()).isEqualTo(200);
    assertThat(second.response().body()).isEqualTo(first.response().body());
  }

  private HttpRequest.Builder keyed(String path) {
    return HttpRequest.newBuilder(http.uri(path))
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", "approve-once")
        .POST(HttpRequest.BodyPublishers.ofString(WHY));
  }
}
