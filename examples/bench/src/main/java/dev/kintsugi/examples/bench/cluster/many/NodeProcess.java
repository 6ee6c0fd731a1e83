package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.cluster.launch.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link ManyNode} in a JVM of its own. */
final class NodeProcess {

  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration END = Duration.ofSeconds(30);

  private final ChildJvm jvm;
  private final Path log;

  /** What it says, line by line; empty at its end. */
  private final BlockingQueue<Optional<String>> said = new LinkedBlockingQueue<>();

  private NodeProcess(ChildJvm jvm, Path log) {
    this.jvm = jvm;
    this.log = log;
  }

  static NodeProcess start(
      int projections,
      SmallProjections.Mode mode,
      List<String> options,
      Map<String, String> environment,
      Path log)
      throws IOException {
    NodeProcess process =
        new NodeProcess(
            ChildJvm.start(
                ManyNode.class,
                options,
                List.of(String.valueOf(projections), mode.name()),
                environment,
                log,
                true),
            log);
    Thread listener = new Thread(process::listen, "listener");
    listener.setDaemon(true);
    listener.start();
    return process;
  }

  private void listen() {
    try (BufferedReader lines = jvm.output()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(Optional.of(line));
      }
    } catch (IOException killed) {
      // What it said until then is all that there is.
    }
    said.add(Optional.empty());
  }

  /** Whether it has registered its projections. */
  void awaitStart(Duration patience) throws InterruptedException, LoadFailedException {
    String line = next("start", patience);
    if (!line.equals(ManyNode.STARTED)) {
      throw new LoadFailedException("A node said '%s'; see %s".formatted(line, log));
    }
  }

  /** Asks it, and waits for the answer. */
  String ask(String question) throws IOException, InterruptedException, LoadFailedException {
    return ask(question, ANSWER);
  }

  String ask(String question, Duration patience)
      throws IOException, InterruptedException, LoadFailedException {
    tell(question);
    return next(question, patience);
  }

  /** Asks it; the answer is to be waited for by {@link #answer}. */
  void tell(String question) throws IOException {
    jvm.ask(question);
  }

  String answer(String question, Duration patience)
      throws InterruptedException, LoadFailedException {
    return next(question, patience);
  }

  private String next(String what, Duration patience)
      throws InterruptedException, LoadFailedException {
    Optional<String> line = said.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    if (line == null) {
      throw new LoadFailedException(
          "After %d seconds a node has no answer to '%s'; see %s"
              .formatted(patience.toSeconds(), what, log));
    }
    return line.orElseThrow(
        () -> new LoadFailedException("A node has ended before '%s'; see %s".formatted(what, log)));
  }

  Set<String> hosted() throws IOException, InterruptedException, LoadFailedException {
    String ids = ask(Answers.HOSTED);
    return ids.isEmpty() ? Set.of() : Set.of(ids.split(" ", -1));
  }

  /** The processor time that it took since its start. */
  Duration processorTime() {
    return ProcessHandle.of(jvm.pid())
        .flatMap(handle -> handle.info().totalCpuDuration())
        .orElse(Duration.ZERO);
  }

  boolean isAlive() {
    return jvm.isAlive();
  }

  /** Kills it as kill -9 does. */
  void kill() {
    jvm.kill();
  }

  /** Has it begin to leave the cluster and end. */
  void stop() {
    jvm.say(ManyNode.STOP + "\n");
  }

  void awaitEnd() {
    jvm.awaitEnd(END);
  }
}
