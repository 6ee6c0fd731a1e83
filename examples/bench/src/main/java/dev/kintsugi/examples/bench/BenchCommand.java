package dev.kintsugi.examples.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.server.Login;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.CtrlC;
import dev.kintsugi.examples.common.Version;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A benchmark: has a server to run on, and says by its exit code what came of it. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footer = {
      "",
      "Exit codes: 0 it ran to its end (a target that was missed is in the table); 1 it failed, or"
          + " what was acknowledged is not in the database; 2 the options or the server can't be"
          + " used; 130 ended by Ctrl-C."
    })
public abstract class BenchCommand implements Callable<Integer> {

  protected static final int DONE = 0;
  protected static final int FAILED = 1;
  static final int NOT_USABLE = 2;
  static final int INTERRUPTED = 130;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "Run on this server (jdbc:postgresql://host:5432/database), in databases that are made"
              + " for it and dropped again. KINTSUGI_JDBC_USER and KINTSUGI_JDBC_PASSWORD in the"
              + " environment say who connects. Default: an embedded PostgreSQL, as durable as in"
              + " production.")
  private Optional<String> url = Optional.empty();

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "20",
      converter = Positive.class,
      description = "How many connections a plugin has; default ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting of the actor systems, as kintsugi.journal.lanes=8; may be repeated.")
  private Map<String, String> overrides = Map.of();

  @Spec private CommandSpec spec = CommandSpec.create();

  /**
   * Runs the benchmark.
   *
   * @return the exit code, {@link #DONE} or {@link #FAILED}
   * @throws InterruptedException on Ctrl-C; all that it started has ended then
   */
  protected abstract int run(BenchServer server) throws Exception;

  @Override
  public Integer call() throws Exception {
    try (CtrlC ctrlC = CtrlC.interrupts(Thread.currentThread())) {
      try (BenchServer server = openServer()) {
        server.description().forEach(out()::println);
        return run(server);
      } catch (Exception e) {
        return ctrlC.wasReceived() ? INTERRUPTED : explain(e);
      }
    }
  }

  private BenchServer openServer() throws Exception {
    return url.isPresent()
        ? BenchServer.at(Login.of(url.get(), System.getenv()))
        : BenchServer.embedded();
  }

  /** What can be said in a line takes one; anything else is a defect, and all of it is shown. */
  private int explain(Exception e) throws Exception {
    if (e instanceof BadInputException) {
      spec.commandLine().getErr().println(e.getMessage());
      return NOT_USABLE;
    }
    if (e instanceof LoadFailedException) {
      spec.commandLine().getErr().println(e.getMessage());
      return FAILED;
    }
    throw e;
  }

  /** What actor systems are started with. */
  protected final Settings settings() {
    return new Settings(connections, overrides);
  }

  /** Our plugin's settings, in a line. */
  protected final String describeKintsugi() {
    Config config = ConfigFactory.parseMap(overrides).withFallback(ConfigFactory.load("bench"));
    return "kintsugi: %d connections, lanes %s, group-size %s"
        .formatted(
            connections,
            config.getString("kintsugi.journal.lanes"),
            config.getString("kintsugi.journal.group-size"));
  }

  /** Where the result goes. */
  protected final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** How far it is. */
  protected final Progress progress() {
    return Progress.on(spec.commandLine().getErr());
  }
}
