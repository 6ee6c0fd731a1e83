package dev.kintsugi.runtime.internal.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings that somebody wrote for a plugin, and that would be ignored: in a second section of a
 * plugin of Kintsugi's, which would use the first one's database and adapters; and in the sections
 * of Pekko Persistence JDBC, of which Kintsugi takes the names of tables and columns alone. What
 * changes which events are stored, or where, is refused at start, by name; the rest is logged.
 */
final class OtherSections {

  private static final Logger log = LoggerFactory.getLogger(OtherSections.class);

  private static final List<String> PLUGINS =
      List.of(KintsugiNode.JOURNAL_PLUGIN_ID, "kintsugi.snapshot-store", "kintsugi.durable-state");

  /** The stock plugin's sections, and Kintsugi's in their place. */
  private static final Map<String, String> IN_THE_PLACE_OF =
      new TreeMap<>(
          Map.of(
              "jdbc-journal", KintsugiNode.JOURNAL_PLUGIN_ID,
              "jdbc-snapshot-store", "kintsugi.snapshot-store",
              "jdbc-durable-state-store", "kintsugi.durable-state"));

  /** They change what is stored: an event that should have gone through them is another one. */
  private static final List<String> ADAPTERS = List.of("event-adapters", "event-adapter-bindings");

  private OtherSections() {}

  /**
   * Looks through a configuration.
   *
   * @throws IllegalArgumentException if it has settings that change what is stored or where, and
   *     that would be ignored; it names them, and says where they belong
   */
  static void refuseIgnored(Config config) {
    for (String plugin : PLUGINS) {
      refuseSecond(config, plugin);
    }
    IN_THE_PLACE_OF.forEach((stock, ours) -> refuseOrWarn(config, stock, ours));
  }

  private static void refuseSecond(Config config, String plugin) {
    String pluginClass = config.getString(plugin + ".class");
    for (Map.Entry<String, ConfigValue> entry : config.entrySet()) {
      if (!entry.getKey().endsWith(".class")
          || entry.getValue().valueType() != ConfigValueType.STRING
          || !entry.getValue().unwrapped().equals(pluginClass)) {
        continue;
      }
      String section = entry.getKey().substring(0, entry.getKey().length() - ".class".length());
      if (section.equals(plugin)) {
        continue;
      }
      List<String> ignored =
          differing(config.getConfig(section), config.getConfig(plugin)).stream()
              .map(key -> section + "." + key)
              .toList();
      throw new IllegalArgumentException(
          "the section %s is a second one of the plugin %s, and an actor system has one of these, on one database (kintsugi.jdbc): %s. Use %s, or another actor system for the other database."
              .formatted(
                  section,
                  plugin,
                  ignored.isEmpty()
                      ? "it would share all with the first"
                      : "ignored would be " + String.join(", ", ignored),
                  plugin));
    }
  }

  private static void refuseOrWarn(Config config, String stock, String ours) {
    Config reference = ConfigFactory.defaultReference();
    if (!config.hasPath(stock) || !reference.hasPath(stock)) {
      return;
    }
    Config section = config.getConfig(stock);
    for (String adapters : ADAPTERS) {
      if (section.hasPath(adapters)
          && !differing(section.getConfig(adapters), at(config, ours + "." + adapters)).isEmpty()) {
        throw new IllegalArgumentException(
            "%1$s.%2$s would be ignored, as the journal is %3$s: events would be stored and read without these adapters. Move it to %3$s.%2$s, or have the same in both."
                .formatted(stock, adapters, ours));
      }
    }
    List<String> ignored = new ArrayList<>();
    for (String key : differing(section, reference.getConfig(stock))) {
      boolean isApplied = key.startsWith("tables.") || ADAPTERS.stream().anyMatch(key::startsWith);
      if (!isApplied && differs(section, at(config, ours), key)) {
        ignored.add(stock + "." + key);
      }
    }
    if (!ignored.isEmpty()) {
      log.warn(
          "These settings of Pekko Persistence JDBC are not used by {}, which takes the names of tables and"
              + " columns from {} and nothing else: {}. What has a counterpart is set in {}, and the"
              + " database in kintsugi.jdbc.",
          ours,
          stock,
          String.join(", ", ignored),
          ours);
    }
  }

  private static Config at(Config config, String path) {
    return config.hasPath(path) ? config.getConfig(path) : ConfigFactory.empty();
  }

  /** The keys of a section whose values the other has not, by name; no value is ever told. */
  private static SortedSet<String> differing(Config section, Config other) {
    SortedSet<String> keys = new TreeSet<>();
    for (Map.Entry<String, ConfigValue> entry : section.entrySet()) {
      if (differs(section, other, entry.getKey())) {
        keys.add(entry.getKey());
      }
    }
    return keys;
  }

  private static boolean differs(Config section, Config other, String key) {
    return !other.hasPath(key)
        || !String.valueOf(other.getValue(key).unwrapped())
            .equals(String.valueOf(section.getValue(key).unwrapped()));
  }
}
