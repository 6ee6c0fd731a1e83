package dev.kintsugi.management;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Pekko HTTP refuses before there is a route, as a client sees it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ParsingErrorsTest {

  private final World world = new World();
  private final TestSystem node =
      new TestSystem(
          world,
          Management.SETTINGS
              + "pekko.http.server.parsing.error-handler = \"%s\""
                  .formatted(ParsingErrors.class.getName()));
  private Management http;

  @BeforeAll
  void start() throws Exception {
    http = Management.start(node);
  }

  @AfterAll
  void close() {
    node.close();
    world.close();
  }

  @ParameterizedTest
  @CsvSource({
    "BREW /projections HTTP/1.1, 400, Unsupported HTTP method",
    "GET /projections HTTP/9.9, 400, HTTP",
    "GET /projections, 400, HTTP",
    "GET /%zz HTTP/1.1, 400, Illegal request-target",
    "nonsense, 400, HTTP"
  })
  void it_is_the_clients_fault_and_a_problem_with_a_reason(String line, int status, String detail)
      throws Exception {
    URI uri = http.uri("/");
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      socket
          .getOutputStream()
          .write(
              (line + "\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer)
          .startsWith("HTTP/1.1 " + status)
          .contains("Content-Type: application/problem+json")
          .contains("\"status\":" + status)
          .containsPattern("\"detail\":\"[^\"]*" + detail);
    }
  }
}
