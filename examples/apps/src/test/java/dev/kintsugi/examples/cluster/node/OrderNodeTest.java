package dev.kintsugi.examples.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.cluster.audit.Audit;
import dev.kintsugi.examples.cluster.audit.AuditReport;
import dev.kintsugi.examples.cluster.load.Acknowledged;
import dev.kintsugi.examples.cluster.orders.OrderProjections;
import dev.kintsugi.examples.common.EmbeddedServer;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A node with the installation's cluster.conf, in a cluster of its own. */
@Tag("slow")
class OrderNodeTest {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String ORDER =
      """
      {"customer": "%s", "lines": [{"item": "cup", "quantity": 2, "cents": 450}]}
      """;

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static EmbeddedServer server;
  private static OrderNode node;
  private static int managementPort;

  @BeforeAll
  static void start() throws Exception {
    server = EmbeddedServer.start(Map.of());
    node = OrderNode.start(config());
    await()
        .atMost(LONG)
        .untilAsserted(() -> assertThat(management("/ready").statusCode()).isEqualTo(200));
    for (Projection<?> projection : OrderProjections.all()) {
      Kintsugi.get(node.system())
          .whenDone(projection.name())
          .toCompletableFuture()
          .get(LONG.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private static Config config() throws IOException {
    int arteryPort = freePort();
    managementPort = freePort();
    Map<String, Object> ofTheTest = new HashMap<>();
    ofTheTest.put("kintsugi.jdbc.url", server.url());
    ofTheTest.put("kintsugi.jdbc.user", EmbeddedServer.USER);
    ofTheTest.put("kintsugi.jdbc.password", "");
    ofTheTest.put("kintsugi.schema.create", "on");
    ofTheTest.put("pekko.remote.artery.canonical.port", arteryPort);
    ofTheTest.put(
        "pekko.cluster.seed-nodes",
        List.of("pekko://%s@127.0.0.1:%d".formatted(OrderNode.SYSTEM, arteryPort)));
    ofTheTest.put("pekko.management.http.port", managementPort);
    ofTheTest.put("orders.http.port", 0);
    // It would be the tests' own.
    ofTheTest.put("pekko.coordinated-shutdown.exit-jvm", "off");
    return OrderNode.config(
        ConfigFactory.parseMap(ofTheTest)
            .withFallback(ConfigFactory.parseFile(new File("../../config/cluster.conf"))));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @AfterAll
  static void stop() throws Exception {
    if (node != null) {
      CoordinatedShutdown.get(node.system())
          .runAll(CoordinatedShutdown.unknownReason())
          .toCompletableFuture()
          .get(LONG.toSeconds(), TimeUnit.SECONDS);
    }
    server.close();
  }

  @Test
  void an_order_is_in_both_read_models_as_soon_as_it_is_acknowledged() throws Exception {
    String order = place("ann");

    JsonNode summary = JSON.readTree(get("/orders/" + order).body());
    JsonNode totals = JSON.readTree(get("/customers/ann").body());

    assertThat(summary.required("customer").asText()).isEqualTo("ann");
    assertThat(summary.required("status").asText()).isEqualTo("PLACED");
    assertThat(summary.required("cents").asLong()).isEqualTo(900);
    assertThat(totals.required("placed").asLong()).isEqualTo(1);
    assertThat(totals.required("cents_ordered").asLong()).isEqualTo(900);
  }

  @Test
  void an_order_is_paid_once_and_not_cancelled_after_that() throws Exception {
    String order = place("bob");

    HttpResponse<String> paid = post("/orders/" + order + "/pay", "");
    HttpResponse<String> again = post("/orders/" + order + "/pay", "");
    HttpResponse<String> cancelled = post("/orders/" + order + "/cancel", "");

    assertThat(paid.statusCode()).isEqualTo(200);
    assertThat(again.statusCode()).isEqualTo(409);
    assertThat(again.body()).contains("the order is paid already");
    assertThat(cancelled.statusCode()).isEqualTo(409);
    assertThat(get("/orders/" + order).body()).contains("PAID");
    assertThat(JSON.readTree(get("/customers/bob").body()).required("cents_paid").asLong())
        .isEqualTo(900);
  }

  @Test
  void an_order_is_cancelled() throws Exception {
    String order = place("cyd");

    assertThat(post("/orders/" + order + "/cancel", "").statusCode()).isEqualTo(200);
    assertThat(get("/orders/" + order).body()).contains("CANCELLED");
  }

  @Test
  void what_there_is_not_is_not_found() throws Exception {
    assertThat(post("/orders/none/pay", "").statusCode()).isEqualTo(404);
    assertThat(get("/orders/none").statusCode()).isEqualTo(404);
    assertThat(get("/customers/nobody").statusCode()).isEqualTo(404);
  }

  @Test
  void what_is_no_order_is_refused_with_why() throws Exception {
    HttpResponse<String> noLines = post("/orders", "{\"customer\": \"ann\", \"lines\": []}");
    HttpResponse<String> noCup = post("/orders", ORDER.formatted("ann").replace(": 2", ": 0"));
    HttpResponse<String> noJson = post("/orders", "an order, please");

    assertThat(List.of(noLines.statusCode(), noCup.statusCode(), noJson.statusCode()))
        .containsOnly(400);
    assertThat(noLines.body()).contains("an order has 1 to 100 lines");
    assertThat(noCup.body()).contains("quantity is from 1 to 10000, not 0");
  }

  @Test
  void a_node_that_serves_is_ready_and_tells_prometheus_how_it_does() throws Exception {
    assertThat(management("/ready").statusCode()).isEqualTo(200);
    assertThat(management("/metrics").body()).contains("kintsugi_append");
  }

  @Test
  void the_audit_is_clean_and_finds_what_is_planted() throws Exception {
    String lost = place("dan");
    String doubled = place("eve");
    String differing = place("fay");
    List<Acknowledged> acknowledged =
        List.of(
            new Acknowledged(lost, Acknowledged.Kind.PLACED),
            new Acknowledged(doubled, Acknowledged.Kind.PLACED),
            new Acknowledged(differing, Acknowledged.Kind.PLACED));
    AuditReport before = audit(acknowledged);
    execute("DELETE FROM order_summary WHERE key = 'Order|%s'".formatted(lost));
    execute("UPDATE customer_totals SET placed = placed + 1 WHERE customer = 'eve'");
    execute("UPDATE order_summary SET status = 'PAID' WHERE key = 'Order|%s'".formatted(differing));

    AuditReport after = audit(List.of(new Acknowledged("never-stored", Acknowledged.Kind.PAID)));

    assertThat(before.isClean()).as(() -> String.join("\n", before.lines())).isTrue();
    assertThat(after.isClean()).isFalse();
    assertThat(after.missing()).isEqualTo(1);
    assertThat(after.readModels().get(0).lost()).isEqualTo(1);
    assertThat(after.readModels().get(0).doubled()).isZero();
    assertThat(after.readModels().get(0).differing())
        .extracting("key")
        .containsExactlyInAnyOrder("Order|" + lost, "Order|" + differing);
    assertThat(after.readModels().get(1).lost()).isZero();
    assertThat(after.readModels().get(1).doubled()).isEqualTo(1);
    assertThat(after.readModels().get(1).differing()).extracting("key").containsExactly("eve");
    assertThat(after.lines()).contains("NOT all is as a fold of the journal says.");

    execute("TRUNCATE event_journal, event_tag, order_summary, customer_totals");
  }

  private static AuditReport audit(List<Acknowledged> acknowledged) throws Exception {
    try (Connection connection = connect()) {
      return Audit.of(connection, acknowledged);
    }
  }

  private static void execute(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Connection connect() throws SQLException {
    return DriverManager.getConnection(server.url(), EmbeddedServer.USER, "");
  }

  /** The new order's id. */
  private static String place(String customer) throws Exception {
    HttpResponse<String> response = post("/orders", ORDER.formatted(customer));
    assertThat(response.statusCode()).as(response::body).isEqualTo(201);
    return JSON.readTree(response.body()).required("id").asText();
  }

  private static HttpResponse<String> management(String path) throws Exception {
    return get(URI.create("http://127.0.0.1:" + managementPort + path));
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return get(uri(path));
  }

  private static HttpResponse<String> get(URI uri) throws Exception {
    return CLIENT.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + node.port() + path);
  }
}
