package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.bench.server.Machine;
import dev.kintsugi.examples.common.BadInputException;
import dev.kintsugi.examples.common.Version;
import dev.kintsugi.runtime.internal.journal.JournalSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Everything, each beside its floor, in one table. */
@Command(
    name = "suite",
    description = {
      "Measures appends, rebuilds, drains, the consult, fences and starts, each beside its floor:"
          + " plain JDBC that does the same SQL work without a framework, in turn. Prints one table,"
          + " and writes every figure as JSON.",
      "",
      "The floor keeps no promise: it looks at no status, records no skip, survives no failing"
          + " handler and no crash in the middle, and loses what commits late. Of an append it is as"
          + " many connections as our journal has lanes, each of which stores the next event of all"
          + " its writers in one transaction, with the statements that the kind of projection comes"
          + " to, and begins anew at once; so one writer is a transaction an event. Of a rebuild it is"
          + " the loop of 'replay', of a drain a loop over the same records, of a consult the insert"
          + " alone, of a fence two SELECT 1 (or the wait for a lock), of a start a pool and a SELECT"
          + " 1.",
      "",
      "ours/floor is that of the medians: the higher the better where a second is counted (events/s),"
          + " the lower the better where time is."
    })
public final class Suite extends BenchCommand {

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      converter = Positive.class,
      description =
          "How often each is measured, after a round of warm-up; default ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--only",
      paramLabel = "PART",
      split = ",",
      description = "Only some parts, of: ${COMPLETION-CANDIDATES}.")
  private List<Part> only = List.of(Part.values());

  @Option(
      names = "--quick",
      description = "Small sizes and no warm-up: shows that all runs; the figures mean nothing.")
  private boolean quick;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      defaultValue = "target/suite.json",
      description = "Where the figures go; default ${DEFAULT-VALUE}.")
  private Path json = Path.of("target", "suite.json");

  @Override
  protected int run(BenchServer server) throws Exception {
    makeDirectory();
    String startedAt = Instant.now().toString();
    Sizes sizes = quick ? Sizes.quick() : Sizes.full();
    String version = String.join(" ", new Version().getVersion());
    String commit = Commit.here();
    Map<String, Object> settings = kintsugiSettings();
    out().println("%s, commit %s; %d rounds".formatted(version, commit, rounds));
    out().println("kintsugi: " + settings);
    if (quick) {
      out().println("--quick: the figures mean nothing");
    }
    List<Result> results = measure(new Ground(server, settings(), sizes, progress()));
    out().println();
    SuiteReport.lines(results).forEach(out()::println);
    SuiteJson.write(
        json,
        new SuiteJson.Run(
            startedAt,
            version,
            commit,
            Machine.here(),
            server.version(),
            server.settings(),
            settings,
            sizes,
            rounds,
            results.stream().map(SuiteJson::row).toList()));
    out().println();
    out().println("Every figure is in " + json.toAbsolutePath());
    return DONE;
  }

  private List<Result> measure(Ground ground) throws Exception {
    Rounds run = new Rounds(ground.sizes().warmUps(), rounds, ground.progress());
    List<Result> results = new ArrayList<>();
    for (Part part : only) {
      for (Group group : part.groups(ground)) {
        try (Resources resources = new Resources()) {
          results.addAll(run.run(part, group.open(resources)));
        }
      }
    }
    return results;
  }

  /** Now, and not when all has been measured. */
  private void makeDirectory() throws BadInputException {
    try {
      Files.createDirectories(json.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw new BadInputException("--json: there can be no %s: %s".formatted(json, e), e);
    }
  }

  private Map<String, Object> kintsugiSettings() {
    JournalSettings journal = settings().journal();
    Map<String, Object> named = new LinkedHashMap<>();
    named.put("connections", settings().connections());
    named.put("lanes", journal.lanes());
    named.put("group-size", journal.groupSize());
    named.putAll(settings().overrides());
    return named;
  }
}
