package dev.kintsugi.examples.cluster.launch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A JVM with this one's class path. It ends with this one, whatever ends that: its standard input
 * is this one's to close, and the program reads it to the end.
 *
 * <p>Ctrl-C on a terminal, and its end, are meant for all processes on it. Children ignore both, so
 * that the launcher ends them when it has no more use for them.
 */
public final class ChildJvm {

  private static final List<String> IGNORING_CTRL_C =
      List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$0\" \"$@\"");

  /** A process of its own, so that none is left standing still if this JVM is killed meanwhile. */
  private static final List<String> STANDING_STILL =
      List.of(
          "/bin/sh",
          "-c",
          "trap '' INT HUP; kill -STOP \"$0\" && { sleep \"$1\"; kill -CONT \"$0\"; }");

  private final Process process;

  /** What has it go on, while it stands still. */
  private Optional<Process> standstill = Optional.empty();

  private ChildJvm(Process process) {
    this.process = process;
  }

  /**
   * Starts a JVM.
   *
   * @param options of the JVM
   * @param log takes its standard error, and its standard output unless that is read
   */
  public static ChildJvm start(
      Class<?> main,
      List<String> options,
      List<String> arguments,
      Map<String, String> environment,
      Path log,
      boolean readsOutput)
      throws IOException {
    List<String> command = new ArrayList<>(IGNORING_CTRL_C);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectError(log.toFile());
    if (!readsOutput) {
      builder.redirectErrorStream(true).redirectOutput(log.toFile());
    }
    return new ChildJvm(builder.start());
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Completes when it has ended. */
  CompletableFuture<?> ended() {
    return process.onExit();
  }

  /**
   * Has it stand still as kill -STOP does, and go on by itself after a time.
   *
   * @return completes when it goes on, with the exit code: 0 if it stood still
   */
  CompletableFuture<Integer> standStill(Duration time) throws IOException {
    List<String> command = new ArrayList<>(STANDING_STILL);
    command.add(String.valueOf(pid()));
    command.add(String.valueOf(time.toSeconds()));
    Process stopping =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .start();
    standstill = Optional.of(stopping);
    return stopping.onExit().thenApply(Process::exitValue);
  }

  boolean standsStill() {
    return standstill.map(Process::isAlive).orElse(false);
  }

  /** Its standard output, if it is read. */
  public BufferedReader output() {
    return process.inputReader(StandardCharsets.UTF_8);
  }

  /** Kills it as kill -9 does, and waits for its end; also while it stands still. */
  public void kill() {
    process.destroyForcibly().onExit().join();
    standstill.ifPresent(ChildJvm::end);
  }

  private static void end(Process shell) {
    shell.descendants().forEach(ProcessHandle::destroyForcibly);
    shell.destroyForcibly().onExit().join();
  }

  /** Says a line on its standard input, which stays open. */
  public void ask(String line) throws IOException {
    OutputStream input = process.getOutputStream();
    input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  /** Says a word on its standard input, and ends that. */
  public void say(String word) {
    try (OutputStream input = process.getOutputStream()) {
      input.write(word.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It has ended already: there is nobody to be told.
      process.onExit().join();
    }
  }

  /** Waits for its end, and kills it if that takes too long; also on an interrupted thread. */
  public void awaitEnd(Duration patience) {
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      interrupted = true;
      kill();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
