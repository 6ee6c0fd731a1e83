package dev.kintsugi.examples.bench.cuts;

import com.typesafe.config.Config;
import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Seed;
import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.failures.Claims;
import dev.kintsugi.examples.bench.kill.Checker;
import dev.kintsugi.examples.bench.kill.Findings;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.proxy.Proxy;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.examples.common.TextTable;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Cuts connections again and again while actors persist, and looks for what was lost. */
@Command(
    name = "cuts",
    description =
        "Cuts the connections of a node, in four ways and in random order: refused; silent for longer"
            + " than an answer is waited for; reset in the middle of an answer; the answer of COMMIT"
            + " lost. Meanwhile actors with an inline projection persist, take snapshots and are"
            + " started again when they fail, and queries go on. Then: is every acknowledged event"
            + " there, once; is every stream gapless and the read model what the journal is; are all"
            + " threads and connections back; and did no persist wait longer than the bound?")
public final class Cuts extends BenchCommand {

  /** So that a silent network is over in a few seconds; and that the breaker is, too. */
  private static final Map<String, String> SHORT =
      Map.of(
          "kintsugi.jdbc.connection-timeout", "3s",
          "kintsugi.jdbc.answer-timeout", "2s",
          "kintsugi.jdbc.long-answer-timeout", "4s",
          "kintsugi.journal.answer-timeout", "2s",
          "kintsugi.journal.circuit-breaker.reset-timeout", "500ms",
          "kintsugi.snapshot-store.circuit-breaker.reset-timeout", "500ms",
          "pekko.persistence.snapshot-store.plugin", "kintsugi.snapshot-store",
          // What fails is counted.
          "pekko.loglevel", "OFF");

  @Option(
      names = "--cuts",
      paramLabel = "N",
      defaultValue = "100",
      converter = Positive.class,
      description = "How many cuts of each kind; default ${DEFAULT-VALUE}.")
  private int cuts;

  @Option(
      names = "--actors",
      paramLabel = "N",
      defaultValue = "50",
      converter = Positive.class,
      description = "How many actors persist; default ${DEFAULT-VALUE}.")
  private int actors;

  @Mixin private Seed seed = new Seed();

  @Override
  protected int run(BenchServer server) throws Exception {
    long seedInUse = seed.choose();
    out().println(describeKintsugi());
    out().printf("%d cuts of each kind; %d actors; seed %d%n", cuts, actors, seedInUse);
    try (BenchDatabase database = server.create().withJournal();
        Proxy proxy = Proxy.open(database.login().address())) {
      Config config = config(database, proxy);
      Bound bound = Bound.of(config.getConfig("kintsugi"));
      out().println("A persist is answered within " + bound);
      out().flush();
      CutsRun run = new CutsRun(config, proxy, bound, actors, progress());
      CutsRun.Outcome outcome = run.run(cuts, seedInUse);
      return report(outcome, bound, findings(database, outcome));
    }
  }

  private Config config(BenchDatabase database, Proxy proxy) {
    Settings settings = settings();
    Map<String, String> overrides = new HashMap<>(SHORT);
    overrides.putAll(settings.overrides());
    return Plugin.KINTSUGI.tagging(
        Plugin.KINTSUGI.config(
            database.login().atPort(proxy.port()), settings.connections(), overrides));
  }

  private static Findings findings(BenchDatabase database, CutsRun.Outcome outcome)
      throws Exception {
    try (Connection connection = database.login().connect()) {
      return Checker.check(connection, outcome.witness().acks());
    }
  }

  private int report(CutsRun.Outcome outcome, Bound bound, Findings findings) {
    Witness witness = outcome.witness();
    TextTable table =
        new TextTable(
            "cuts",
            "",
            "connections",
            "persists",
            "failed",
            "longest s",
            "recoveries",
            "failed",
            "longest s",
            "queries",
            "failed",
            "longest s");
    double longest = 0;
    long beyond = 0;
    long hanging = 0;
    for (Cut cut : Cut.values()) {
      Witness.Waits waits = witness.of(cut);
      table.row(
          cut,
          outcome.cuts().getOrDefault(cut, 0),
          outcome.connections().getOrDefault(cut, 0),
          waits.persists().well(),
          waits.persists().failed(),
          waits.persists().seconds(),
          waits.recoveries().well(),
          waits.recoveries().failed(),
          waits.recoveries().seconds(),
          waits.queries().well(),
          waits.queries().failed(),
          waits.queries().seconds());
      longest = Math.max(longest, waits.persists().seconds());
      beyond += waits.persists().beyond();
      hanging += waits.recoveries().beyond() + waits.queries().beyond();
    }
    print(table.lines());
    TextTable causes = new TextTable("persists failed with", "times");
    witness.causes().forEach(causes::row);
    print(causes.lines());
    out().println();
    out()
        .printf(
            "%,d acknowledged, %,d stored, %,d snapshots; the longest persist took %.2f s of the %.1f s that it may%n",
            findings.acknowledged(),
            findings.stored(),
            witness.snapshots(),
            longest,
            bound.longest().toMillis() / 1e3);
    Claims claims = claims(outcome, findings);
    claims.claim("persists that took longer than the bound", 0, beyond);
    claims.claim("recoveries and queries of a minute or longer", 0, hanging);
    print(claims.lines());
    witness.wrong().forEach(out()::println);
    out().println();
    out()
        .println(
            claims.hold()
                ? "Nothing is lost or doubled, all threads are back, and nobody waited too long."
                : "NOT all is as it should be.");
    return claims.hold() ? DONE : FAILED;
  }

  private static Claims claims(CutsRun.Outcome outcome, Findings findings) {
    Claims claims = new Claims();
    claims.claim("acknowledged events that are not there", 0, findings.lost());
    claims.claim("events that are there twice", 0, findings.doubled());
    claims.claim("numbers that streams lack", 0, findings.missing());
    claims.claim("streams whose read model is not the journal", 0, findings.projection());
    claims.claim("open skip records", 0, findings.open());
    claims.claim("events that queries by tag had in all", findings.stored(), outcome.tagged());
    claims.claim("wrong recoveries, rejections, answers", 0, outcome.witness().wrong().size());
    claims.claim(
        "actors and queries that go on after the last cut", outcome.all(), outcome.alive());
    claims.claim("persists without an answer", 0, outcome.witness().unanswered());
    claims.claim(
        "blocking threads at the same time",
        outcome.expected().blocking(),
        outcome.counted().blocking());
    claims.claim("lanes", outcome.expected().lanes(), outcome.counted().lanes());
    claims.claim(
        "connections at the same time",
        outcome.expected().connections(),
        outcome.counted().connections());
    claims.claim(
        "threads that wait for the database",
        outcome.expected().waiting(),
        outcome.counted().waiting());
    return claims;
  }

  private void print(List<String> lines) {
    out().println();
    lines.forEach(out()::println);
  }
}
