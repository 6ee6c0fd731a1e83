package dev.kintsugi.examples.bench.memory;

import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.status.Rebuild;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorSystem;

/**
 * The program whose memory is limited: builds a fold from the whole journal, says what came of it,
 * and ends. The environment says where the database is.
 */
public final class FoldingProgram {

  private FoldingProgram() {}

  /**
   * Builds it.
   *
   * @param args the number of connections; settings, as key=value
   */
  public static void main(String[] args) {
    HeapWatch heap = HeapWatch.start();
    try {
      Rebuild proven = build(args);
      FoldingProcess.Result.of(proven, heap).print();
      Runtime.getRuntime().halt(0);
    } catch (Exception e) {
      System.err.println("The fold was not built: " + e);
      Runtime.getRuntime().halt(1);
    }
  }

  private static Rebuild build(String[] args) throws Exception {
    Map<String, String> overrides =
        Arrays.stream(args)
            .skip(1)
            .map(setting -> setting.split("=", 2))
            .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));
    ActorSystem system =
        ActorSystem.create(
            "folding",
            Plugin.KINTSUGI.config(
                Login.ofEnvironment(System.getenv()), Integer.parseInt(args[0]), overrides));
    Kintsugi kintsugi = Kintsugi.get(system);
    kintsugi.start(FileDocument.fold());
    return kintsugi.whenDone(FileDocument.NAME).toCompletableFuture().get();
  }
}
