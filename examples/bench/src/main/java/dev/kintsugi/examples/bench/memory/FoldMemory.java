package dev.kintsugi.examples.bench.memory;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.memory.FoldingProcess.Outcome;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.common.TextTable;
import java.sql.SQLException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Builds a fold with millions of keys in a JVM with little memory. */
@Command(
    name = "fold-memory",
    description =
        "Builds a fold with very many keys, an event for each, in a JVM of its own with a small"
            + " heap. Afterwards every key must have its document.")
public final class FoldMemory extends BenchCommand {

  private static final double MIB = 1 << 20;

  /** One is wrong that is missing, or is not what its stream's one event makes. */
  private static final String RIGHT =
      """
      SELECT count(*) FROM documents d JOIN event_journal j ON j.persistence_id = d.key
      WHERE (d.state ->> 'changes') = '1' AND (d.state ->> 'present') = 'true'
      """;

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "5000000",
      converter = Positive.class,
      description = "How many keys the fold has; default ${DEFAULT-VALUE}.")
  private int keys;

  @Option(
      names = "--heap",
      paramLabel = "MIB",
      defaultValue = "512",
      converter = Positive.class,
      description = "How much heap the JVM may have, in MiB; default ${DEFAULT-VALUE}.")
  private int heap;

  @Override
  protected int run(BenchServer server) throws Exception {
    out().printf("%,d keys; -Xmx%dm%n", keys, heap);
    try (BenchDatabase database = server.create()) {
      fill(database);
      server.checkpoint();
      long begin = System.nanoTime();
      Outcome outcome;
      try (FoldingProcess process =
          FoldingProcess.start(settings(), database.login(), heap + "m")) {
        outcome = process.awaitEnd();
      }
      Duration whole = Duration.ofNanos(System.nanoTime() - begin);
      report(database, outcome, whole);
      return areRight(database, outcome.result().replayed()) ? DONE : FAILED;
    }
  }

  private void fill(BenchDatabase database) throws Exception {
    try (Load load = Load.start(settings().config(Plugin.KINTSUGI, database))) {
      KeyedJournal journal = new KeyedJournal(database);
      try (Progress.Running running = progress().counting("streams", journal::streams)) {
        journal.fill(load.kintsugi().eventWriter(), keys);
      }
      progress().line("%,d streams".formatted(journal.streams()));
    }
  }

  private void report(BenchDatabase database, Outcome outcome, Duration whole) throws SQLException {
    FoldingProcess.Result result = outcome.result();
    double seconds = result.replay().toMillis() / 1e3;
    out().println();
    out().println("MiB of the heap in use at the most, and of the table with its index");
    new TextTable(
            "keys",
            "-Xmx",
            "before GC",
            "after GC",
            "replay, s",
            "events/s",
            "whole, s",
            "spills",
            "table")
        .row(
            keys,
            heap,
            Math.round(result.mostBeforeCollection() / MIB),
            Math.round(result.mostAfterCollection() / MIB),
            seconds,
            Math.round(result.replayed() / seconds),
            whole.toMillis() / 1e3,
            outcome.spills().size(),
            Math.round(database.count("SELECT pg_total_relation_size('documents')") / MIB))
        .lines()
        .forEach(out()::println);
    outcome.spills().stream().limit(1).forEach(out()::println);
    out().println();
  }

  private boolean areRight(BenchDatabase database, long replayed) throws SQLException {
    long documents = database.count("SELECT count(*) FROM documents");
    long right = database.count(RIGHT);
    boolean areRight = replayed == keys && documents == keys && right == keys;
    out()
        .println(
            areRight
                ? "Every key has its document."
                : "NOT every key has its document: %,d events replayed, %,d documents, %,d of them right"
                    .formatted(replayed, documents, right));
    return areRight;
  }
}
