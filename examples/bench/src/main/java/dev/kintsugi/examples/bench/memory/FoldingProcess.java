package dev.kintsugi.examples.bench.memory;

import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.runtime.status.Rebuild;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@link FoldingProgram} in a JVM of its own, with this one's class path and less memory. */
final class FoldingProcess implements AutoCloseable {

  /** What the runtime logs when a fold's states take more memory than they may. */
  private static final Pattern SPILL = Pattern.compile("spill", Pattern.CASE_INSENSITIVE);

  private final Process process;

  private FoldingProcess(Process process) {
    this.process = process;
  }

  /**
   * What came of it.
   *
   * @param replay from the replay's begin to its end
   * @param mostBeforeCollection the most that the heap held, garbage included, in bytes
   * @param mostAfterCollection the most that the heap held after a collection, in bytes
   */
  record Result(
      long replayed, Duration replay, long mostBeforeCollection, long mostAfterCollection) {

    private static final Pattern LINE =
        Pattern.compile("folded ([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+)");

    static Result of(Rebuild proven, HeapWatch heap) {
      return new Result(
          proven.replayed(),
          Duration.between(
              Objects.requireNonNull(proven.replayAt()), Objects.requireNonNull(proven.drainAt())),
          heap.mostBeforeCollection(),
          heap.mostAfterCollection());
    }

    /** Says it to whoever started this JVM. */
    void print() {
      System.out.printf(
          "folded %d %d %d %d%n",
          replayed, replay.toMillis(), mostBeforeCollection, mostAfterCollection);
      System.out.flush();
    }

    static Optional<Result> parse(String line) {
      Matcher matcher = LINE.matcher(line);
      return matcher.matches()
          ? Optional.of(
              new Result(
                  Long.parseLong(matcher.group(1)),
                  Duration.ofMillis(Long.parseLong(matcher.group(2))),
                  Long.parseLong(matcher.group(3)),
                  Long.parseLong(matcher.group(4))))
          : Optional.empty();
    }
  }

  /** A result, and what the runtime said of memory meanwhile. */
  record Outcome(Result result, List<String> spills) {}

  /**
   * Starts it.
   *
   * @param heap as the JVM takes it: 512m
   */
  static FoldingProcess start(Settings settings, Login login, String heap) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+ExitOnOutOfMemoryError",
                "-Dlogback.configurationFile=fold-memory-logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                FoldingProgram.class.getName(),
                String.valueOf(settings.connections())));
    settings.overrides().forEach((key, value) -> command.add(key + "=" + value));
    ProcessBuilder program =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // In the environment, as a command line can be read by everybody.
    Map<String, String> environment = program.environment();
    environment.put("KINTSUGI_JDBC_URL", login.url());
    environment.put("KINTSUGI_JDBC_USER", login.user());
    environment.put("KINTSUGI_JDBC_PASSWORD", login.password());
    return new FoldingProcess(program.start());
  }

  /**
   * Waits for its end.
   *
   * @throws LoadFailedException if it fails, as it does where its memory does not suffice
   */
  Outcome awaitEnd() throws IOException, InterruptedException, LoadFailedException {
    Optional<Result> result = Optional.empty();
    List<String> spills = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (SPILL.matcher(line).find()) {
          spills.add(line);
        }
        Optional<Result> parsed = Result.parse(line);
        result = parsed.isPresent() ? parsed : result;
      }
    }
    int exitCode = process.waitFor();
    return new Outcome(
        result.orElseThrow(
            () ->
                new LoadFailedException(
                    "The fold was not built: its JVM ended with exit code %d%s"
                        .formatted(exitCode, exitCode == 3 ? ", out of memory" : ""))),
        spills);
  }

  /** Kills it if it has not ended, and waits for its end. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
