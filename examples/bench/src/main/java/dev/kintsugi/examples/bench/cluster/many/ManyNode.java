package dev.kintsugi.examples.bench.cluster.many;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.Kintsugi;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.management.javadsl.PekkoManagement;

/**
 * A node with many projections. It says {@link #STARTED} when it has registered them, and then
 * answers what it is asked on standard input, a line each, until that ends.
 */
final class ManyNode {

  /** The actor system's name: it is part of the nodes' addresses. */
  static final String SYSTEM = "many";

  static final String STARTED = "started";

  /** What the parent says for an orderly end. */
  static final String STOP = "stop";

  private static final long START_IN_SECONDS = 60;

  private ManyNode() {}

  /**
   * Runs until it is told to stop, or downed.
   *
   * @param args how many projections, and their mode
   */
  public static void main(String[] args) throws Exception {
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), SYSTEM, config());
    try {
      Kintsugi.get(system)
          .start(
              SmallProjections.of(
                  Integer.parseInt(args[0]), SmallProjections.Mode.valueOf(args[1])));
      PekkoManagement.get(system)
          .start()
          .toCompletableFuture()
          .get(START_IN_SECONDS, TimeUnit.SECONDS);
      follow(system);
    } catch (Exception e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static Config config() {
    return ConfigFactory.load(
        ConfigFactory.defaultApplication()
            .withFallback(
                ConfigFactory.parseMap(
                    Map.of(
                        "pekko.actor.serialization-bindings",
                        Map.of(
                            "\"" + SmallProjections.Event.class.getName() + "\"",
                            "jackson-cbor")))));
  }

  /** If standard input ends without a word, what the node works for is gone. */
  private static void follow(ActorSystem<Void> system) throws Exception {
    System.out.println(STARTED);
    Answers answers = new Answers(system);
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = next(questions); !line.equals(STOP); line = next(questions)) {
      System.out.println(answers.to(line));
    }
    CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.unknownReason());
  }

  private static String next(BufferedReader questions) throws IOException {
    String line = questions.readLine();
    if (line == null) {
      throw new IOException("the program that started this node is gone");
    }
    return line;
  }
}
