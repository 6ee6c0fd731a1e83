package dev.kintsugi.examples.bench.load;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.bench.server.Login;
import java.util.HashMap;
import java.util.Map;

/** A journal plugin under load: Pekko Persistence JDBC's own, or ours. */
public enum Plugin {
  STOCK("stock", "jdbc-journal") {
    @Override
    Map<String, Object> connections(Login login, int poolSize) {
      String database = "jdbc-journal.slick.db.";
      Map<String, Object> connections = new HashMap<>();
      connections.put("jdbc-journal.slick.profile", "slick.jdbc.PostgresProfile$");
      connections.put(database + "driver", "org.postgresql.Driver");
      connections.put(database + "url", login.url());
      if (!login.user().isEmpty()) {
        connections.put(database + "user", login.user());
        connections.put(database + "password", login.password());
      }
      connections.put(database + "numThreads", poolSize);
      connections.put(database + "maxConnections", poolSize);
      connections.put(database + "minConnections", poolSize);
      return connections;
    }
  },

  KINTSUGI("kintsugi", "kintsugi.journal") {
    @Override
    Map<String, Object> connections(Login login, int poolSize) {
      return Map.of(
          "kintsugi.jdbc.url", login.url(),
          "kintsugi.jdbc.user", login.user(),
          "kintsugi.jdbc.password", login.password(),
          "kintsugi.jdbc.pool-size", poolSize,
          // The default, and fewer than connections.
          "kintsugi.blocking-dispatcher.thread-pool-executor.fixed-pool-size",
              Math.min(12, poolSize - 1));
    }
  };

  private final String displayName;
  private final String journal;

  Plugin(String displayName, String journal) {
    this.displayName = displayName;
    this.journal = journal;
  }

  abstract Map<String, Object> connections(Login login, int poolSize);

  /**
   * The settings of an actor system whose events this plugin stores. All that is not said here is
   * the plugin's default.
   *
   * @param overrides paths and values that go before everything else
   */
  public Config config(Login login, int poolSize, Map<String, String> overrides) {
    return ConfigFactory.parseMap(overrides)
        .withFallback(ConfigFactory.parseMap(connections(login, poolSize)))
        .withFallback(ConfigFactory.parseMap(Map.of("pekko.persistence.journal.plugin", journal)))
        .withFallback(ConfigFactory.load("bench"));
  }

  /** The same, with a tag on each event. */
  public Config tagging(Config config) {
    return ConfigFactory.parseMap(
            Map.of(
                journal + ".event-adapters.tagger",
                Tagger.class.getName(),
                journal + ".event-adapter-bindings.\"" + LoadEvent.class.getName() + "\"",
                "tagger"))
        .withFallback(config);
  }

  @Override
  public String toString() {
    return displayName;
  }
}
