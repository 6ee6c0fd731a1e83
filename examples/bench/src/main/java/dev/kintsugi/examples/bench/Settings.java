package dev.kintsugi.examples.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.runtime.internal.journal.JournalSettings;
import java.util.Map;

/**
 * What actor systems of both plugins are started with.
 *
 * @param connections how many each has
 * @param overrides settings that were given by hand, for both
 */
public record Settings(int connections, Map<String, String> overrides) {

  public Settings {
    overrides = Map.copyOf(overrides);
  }

  /** Of an actor system on a database. */
  public Config config(Plugin plugin, BenchDatabase database) {
    return plugin.config(database.login(), connections, overrides);
  }

  /** Of our journal, on whichever database. */
  public JournalSettings journal() {
    return JournalSettings.of(
        ConfigFactory.parseMap(overrides)
            .withFallback(ConfigFactory.parseMap(Map.of("kintsugi.jdbc.pool-size", connections)))
            .withFallback(ConfigFactory.load("bench"))
            .getConfig("kintsugi"));
  }
}
