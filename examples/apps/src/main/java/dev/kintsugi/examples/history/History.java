package dev.kintsugi.examples.history;

import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.CtrlC;
import dev.kintsugi.examples.common.Version;
import dev.kintsugi.examples.history.display.StatusView;
import dev.kintsugi.examples.history.files.ImportFailedException;
import dev.kintsugi.examples.history.input.GitHistory;
import dev.kintsugi.examples.history.input.HistoryFile;
import dev.kintsugi.examples.history.input.HistoryLine;
import dev.kintsugi.runtime.RebuildStoppedException;
import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program: takes the options, runs, and says by its exit code what came of it. */
@Command(
    name = "history",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description =
        "Imports a repository's history with many writers at once, rebuilds the read models while"
            + " these write, and audits that no event was lost and none doubled.",
    footer = {
      "",
      "The database is an embedded PostgreSQL, unless KINTSUGI_JDBC_URL in the environment names"
          + " another one (KINTSUGI_JDBC_USER and KINTSUGI_JDBC_PASSWORD say who connects).",
      "",
      "Exit codes: 0 every read model is as it should be; 1 one is not, or the run failed; 2 the"
          + " options, the input or the database can't be used; 130 ended by Ctrl-C."
    })
public final class History implements Callable<Integer> {

  private static final int CLEAN = 0;
  private static final int NOT_CLEAN = 1;
  private static final int NOT_USABLE = 2;
  private static final int INTERRUPTED = 130;

  /** Where the history comes from, if not from the example itself. */
  private static final class Source {
    @Option(
        names = "--git",
        paramLabel = "DIR",
        description = "Import the history of this git repository.")
    private Optional<Path> git = Optional.empty();

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "Import this file, a .tsv or .tsv.gz in the format of the example's own.")
    private Optional<Path> file = Optional.empty();

    List<HistoryLine> read() throws BadInputException, InterruptedException {
      if (git.isPresent()) {
        return GitHistory.of(git.get());
      }
      return file.isPresent() ? HistoryFile.read(file.get()) : HistoryFile.ofTheExample();
    }
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup private Source source = new Source();

  @Option(
      names = "--events",
      paramLabel = "N|all",
      defaultValue = "30000",
      description = "Import the first N events of the history; default ${DEFAULT-VALUE}.")
  private EventLimit limit = EventLimit.NONE;

  @Option(
      names = "--writers",
      paramLabel = "N",
      defaultValue = "200",
      description = "How many writers write at once; default ${DEFAULT-VALUE}.")
  private int writers;

  @Option(
      names = "--keep",
      description = "Leave the embedded database up at the end, until Ctrl-C.")
  private boolean keep;

  private final PrintStream out = System.out;

  /** Ends the JVM with the exit code, unless Ctrl-C is ending it already. */
  public static void main(String[] args) {
    int exitCode =
        new CommandLine(new History())
            .registerConverter(EventLimit.class, EventLimit::parse)
            .setUsageHelpAutoWidth(true)
            .setParameterExceptionHandler(History::explainUsage)
            .execute(args);
    if (exitCode != INTERRUPTED) {
      System.exit(exitCode);
    }
  }

  @Override
  public Integer call() throws Exception {
    if (writers < 1) {
      throw new ParameterException(
          spec.commandLine(), "Invalid value for option '--writers': expected 1 or more");
    }
    try (CtrlC ctrlC = CtrlC.interrupts(Thread.currentThread())) {
      try {
        return run() ? CLEAN : NOT_CLEAN;
      } catch (Exception e) {
        return ctrlC.wasReceived() ? INTERRUPTED : explain(e);
      }
    }
  }

  /** Whether the read models are as they should be. */
  private boolean run() throws Exception {
    Selection selection = Selection.of(source.read(), limit);
    if (selection.lines().isEmpty()) {
      throw new BadInputException("The history holds no event that can be imported.");
    }
    selection.description().forEach(out::println);
    try (DemoDatabase database = DemoDatabase.open(System.getenv())) {
      out.println(
          "Database: "
              + String.join(System.lineSeparator() + " ".repeat(10), database.description()));
      Report report =
          new HistoryRun(database, writers, RebuildPlan.OF_THE_EXAMPLE)
              .of(selection.lines(), StatusView::onStandardOutput);
      report.lines().forEach(out::println);
      if (keep) {
        keep(database);
      }
      return report.isClean();
    }
  }

  private void keep(DemoDatabase database) throws InterruptedException {
    out.println();
    if (database.isThrowAway()) {
      out.println("The database stays up until Ctrl-C. Connect to it by");
    } else {
      out.println("What was imported stays in your database. Connect to it by");
    }
    database.howToConnect().forEach(line -> out.println("  " + line));
    if (database.isThrowAway()) {
      new CountDownLatch(1).await();
    }
  }

  private static int explainUsage(ParameterException e, String[] args) {
    System.err.println(e.getMessage());
    System.err.println("See --help.");
    return NOT_USABLE;
  }

  /**
   * What the user can mend takes a line; anything else is a defect, and picocli shows all of it.
   */
  private static int explain(Exception e) throws Exception {
    if (e instanceof BadInputException
        || e instanceof DatabaseUnavailableException
        || e instanceof SchemaException) {
      System.err.println(e.getMessage());
      return NOT_USABLE;
    }
    if (e instanceof ImportFailedException || e instanceof RebuildStoppedException) {
      System.err.println(e.getMessage());
      return NOT_CLEAN;
    }
    throw e;
  }
}
