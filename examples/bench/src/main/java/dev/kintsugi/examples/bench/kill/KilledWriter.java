package dev.kintsugi.examples.bench.kill;

import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.runtime.Kintsugi;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorSystem;

/**
 * The program that is killed: many actors persist, with an inline projection, until then. What is
 * acknowledged is in its file. The environment says where the database is.
 */
public final class KilledWriter {

  private KilledWriter() {}

  /**
   * Writes until it is killed, or until whoever started it is gone.
   *
   * @param args the file; the writer's own number; the number of actors; the seed; the number of
   *     connections; settings, as key=value
   */
  public static void main(String[] args) {
    try {
      write(args);
    } catch (Exception e) {
      giveUp("none yet", e);
    }
  }

  private static void write(String[] args) throws Exception {
    AckFile acks = AckFile.appendTo(Path.of(args[0]));
    int writer = Integer.parseInt(args[1]);
    int actors = Integer.parseInt(args[2]);
    long seed = Long.parseLong(args[3]);
    int connections = Integer.parseInt(args[4]);
    Map<String, String> overrides =
        Arrays.stream(args)
            .skip(5)
            .map(setting -> setting.split("=", 2))
            .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));

    ActorSystem system =
        ActorSystem.create(
            "killed",
            Plugin.KINTSUGI.config(Login.ofEnvironment(System.getenv()), connections, overrides));
    Kintsugi kintsugi = Kintsugi.get(system);
    kintsugi.start(WritesHandler.projection());
    kintsugi.whenDone(WritesHandler.NAME).toCompletableFuture().get();
    for (int i = 1; i <= actors; i++) {
      system.actorOf(MixedActor.props("kill-" + i, writer, seed + i, acks, KilledWriter::giveUp));
    }
    awaitEndOfParent();
    Runtime.getRuntime().halt(0);
  }

  /** A write that failed is a finding, and no reason to go on. */
  private static void giveUp(String persistenceId, Throwable cause) {
    System.err.println("Stream " + persistenceId + ": " + cause);
    Runtime.getRuntime().halt(1);
  }

  /** Standard input is the parent's; it ends with it. */
  private static void awaitEndOfParent() throws IOException {
    while (System.in.read() >= 0) {
      // What it says means nothing.
    }
  }
}
