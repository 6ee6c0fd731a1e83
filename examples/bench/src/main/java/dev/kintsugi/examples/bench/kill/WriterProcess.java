package dev.kintsugi.examples.bench.kill;

import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.Login;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A {@link KilledWriter} in a JVM of its own, with this one's class path. */
final class WriterProcess implements AutoCloseable {

  private static final long LOOK_EVERY_MILLIS = 20;
  private static final long PATIENCE_SECONDS = 120;

  private final int number;
  private final Path acks;
  private final Process process;

  private WriterProcess(int number, Path acks, Process process) {
    this.number = number;
    this.acks = acks;
    this.process = process;
  }

  /**
   * Starts a writer.
   *
   * @param acks the file for what it is told is stored; new
   */
  static WriterProcess start(
      Settings settings, Login login, int number, int actors, long seed, Path acks)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                KilledWriter.class.getName(),
                acks.toString(),
                String.valueOf(number),
                String.valueOf(actors),
                String.valueOf(seed),
                String.valueOf(settings.connections())));
    settings.overrides().forEach((key, value) -> command.add(key + "=" + value));
    ProcessBuilder writer =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // In the environment, as a command line can be read by everybody.
    Map<String, String> environment = writer.environment();
    environment.put("KINTSUGI_JDBC_URL", login.url());
    environment.put("KINTSUGI_JDBC_USER", login.user());
    environment.put("KINTSUGI_JDBC_PASSWORD", login.password());
    return new WriterProcess(number, acks, writer.start());
  }

  /**
   * Waits until so much is acknowledged.
   *
   * @throws LoadFailedException if the writer ends instead, or stands still
   */
  void awaitAcks(int count) throws IOException, InterruptedException, LoadFailedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    for (long there = 0; there < count; there = AckFile.count(acks)) {
      if (System.nanoTime() > deadline) {
        throw new LoadFailedException(
            "Writer %d has %d of %d events acknowledged after %d seconds"
                .formatted(number, there, count, PATIENCE_SECONDS));
      }
      letRun(LOOK_EVERY_MILLIS);
    }
  }

  /**
   * Waits for a time.
   *
   * @throws LoadFailedException if the writer ends meanwhile
   */
  void letRun(long millis) throws InterruptedException, LoadFailedException {
    if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
      throw new LoadFailedException(
          "Writer %d ended by itself, with exit code %d".formatted(number, process.exitValue()));
    }
  }

  /** Kills it, and waits for its end. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
