package dev.kintsugi.examples.bench.cluster.history;

import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.examples.cluster.launch.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How nodes with the history's files are started. */
public final class HistoryProgram {

  private HistoryProgram() {}

  /**
   * The same for each node.
   *
   * @param main runs a {@link HistoryNode}
   * @param login to the database of all of them
   * @param options of the JVM, more than the settings make
   */
  public static Program of(Class<?> main, Login login, Settings settings, List<String> options) {
    List<String> all = new ArrayList<>(options);
    all.add("-Dkintsugi.jdbc.pool-size=" + settings.connections());
    settings.overrides().forEach((key, value) -> all.add("-D" + key + "=" + value));
    return new Program(
        main,
        HistoryNode.SYSTEM,
        Map.of(
            "KINTSUGI_JDBC_URL", login.url(),
            "KINTSUGI_JDBC_USER", login.user(),
            "KINTSUGI_JDBC_PASSWORD", login.password()),
        all);
  }
}
