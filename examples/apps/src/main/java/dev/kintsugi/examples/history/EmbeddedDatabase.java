package dev.kintsugi.examples.history;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.common.EmbeddedServer;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** A server of its own for this run, which goes away with all that is in it. */
final class EmbeddedDatabase implements DemoDatabase {

  private static final Map<String, String> SETTINGS =
      Map.of("max_connections", "60", "max_wal_size", "2GB", "jit", "off");

  private final EmbeddedServer server;
  private final Config config;

  private EmbeddedDatabase(EmbeddedServer server, Config config) {
    this.server = server;
    this.config =
        ConfigFactory.parseMap(
                Map.of(
                    "kintsugi.jdbc.url",
                    server.url(),
                    "kintsugi.jdbc.user",
                    EmbeddedServer.USER,
                    "kintsugi.jdbc.password",
                    ""))
            .withFallback(config);
  }

  /**
   * Starts a server.
   *
   * @throws IOException if it does not start
   */
  static EmbeddedDatabase start(Config config) throws IOException {
    return new EmbeddedDatabase(EmbeddedServer.start(SETTINGS), config);
  }

  @Override
  public Config config() {
    return config;
  }

  @Override
  public String place() {
    return "embedded, on port " + server.port();
  }

  @Override
  public List<String> howToConnect() {
    return List.of(
        "psql -h localhost -p %d -U %s %s"
            .formatted(server.port(), EmbeddedServer.USER, EmbeddedServer.DATABASE),
        "%s?user=%s".formatted(server.url(), EmbeddedServer.USER));
  }

  @Override
  public boolean isThrowAway() {
    return true;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
