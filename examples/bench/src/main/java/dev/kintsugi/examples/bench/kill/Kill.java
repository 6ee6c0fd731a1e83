package dev.kintsugi.examples.bench.kill;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Seed;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.common.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Kills a writing JVM again and again, and looks for what it was told is stored. */
@Command(
    name = "kill",
    description =
        "Kills (SIGKILL) a JVM with many persisting actors again and again. After each kill: is every"
            + " acknowledged event in the journal, once and with its text, is every stream gapless,"
            + " and is the inline read model what the journal is? The next JVM recovers the same"
            + " streams and goes on.")
public final class Kill extends BenchCommand {

  private static final long LOOK_EVERY_MILLIS = 20;
  private static final long PATIENCE_SECONDS = 60;
  private static final int LONGEST_EXTRA_MILLIS = 1_000;

  /**
   * Of the writer before; the server notices that a client is gone when its statement has ended.
   */
  private static final String CONNECTED =
      """
      SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid()
      """;

  @Option(
      names = "--times",
      paramLabel = "N",
      defaultValue = "20",
      converter = Positive.class,
      description = "How many writers are killed; default ${DEFAULT-VALUE}.")
  private int times;

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "50",
      converter = Positive.class,
      description = "How many actors each has; default ${DEFAULT-VALUE}.")
  private int actors;

  @Option(
      names = "--acks",
      paramLabel = "N",
      defaultValue = "1000",
      converter = Positive.class,
      description =
          "A writer is killed at random, within a second from when it has so many events"
              + " acknowledged; default ${DEFAULT-VALUE}.")
  private int acks;

  @Mixin private Seed seed = new Seed();

  @Override
  protected int run(BenchServer server) throws Exception {
    long seedInUse = seed.choose();
    out().println(describeKintsugi());
    out().printf("%d kills; %d actors; seed %d%n", times, actors, seedInUse);
    Random random = new Random(seedInUse);
    TextTable table =
        new TextTable(
            "kill", "acked", "stored", "lost", "doubled", "missing", "projection", "open");
    boolean clean = true;
    Path directory = Files.createTempDirectory("kintsugi-kill");
    List<Ack> acknowledged = new ArrayList<>();
    try (BenchDatabase database = server.create().withJournal()) {
      for (int i = 1; i <= times; i++) {
        Path file = directory.resolve(i + ".acks");
        writeAndKill(database, file, i, random);
        acknowledged.addAll(AckFile.read(file));
        Files.delete(file);
        Findings findings = check(database, acknowledged);
        clean &= findings.areClean();
        row(table, i, findings);
        progress().line("kill %d of %d  %s".formatted(i, times, findings.summary()));
      }
    } finally {
      delete(directory);
    }
    out().println();
    out()
        .println("All that was acknowledged and stored until each kill, and what is wrong with it");
    table.lines().forEach(out()::println);
    out().println();
    out()
        .println(
            clean
                ? "Every acknowledged event is there, once; every stream is gapless."
                : "NOT every event is there, once and in its place.");
    return clean ? DONE : FAILED;
  }

  private void writeAndKill(BenchDatabase database, Path file, int number, Random random)
      throws Exception {
    try (WriterProcess writer =
        WriterProcess.start(
            settings(), database.login(), number, actors, random.nextInt(1_000_000), file)) {
      writer.awaitAcks(acks);
      writer.letRun(random.nextInt(LONGEST_EXTRA_MILLIS));
    }
  }

  private static Findings check(BenchDatabase database, List<Ack> acknowledged) throws Exception {
    awaitNobodyConnected(database);
    try (Connection connection = database.login().connect()) {
      return Checker.check(connection, acknowledged);
    }
  }

  /** What a run that was cut off left, too. */
  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  private static void awaitNobodyConnected(BenchDatabase database) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (database.count(CONNECTED) > 0) {
      if (System.nanoTime() > deadline) {
        throw new LoadFailedException(
            "The killed writer's connections are still there after %d seconds"
                .formatted(PATIENCE_SECONDS));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
    }
  }

  private static void row(TextTable table, int kill, Findings findings) {
    table.row(
        kill,
        findings.acknowledged(),
        findings.stored(),
        findings.lost(),
        findings.doubled(),
        findings.missing(),
        findings.projection(),
        findings.open());
  }
}
