package dev.kintsugi.examples.bench.cluster.bad;

import dev.kintsugi.examples.bench.BenchCommand;
import dev.kintsugi.examples.bench.Positive;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.Seed;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends a node's management port what it must refuse. */
@Command(
    name = "bad-requests",
    description =
        "Sends bad HTTP requests to a node's management port, over sockets and with a client library."
            + " Each must be refused as the client's fault (4xx), with a reason; none may change"
            + " anything; and the node must be as well afterwards.")
public final class BadRequests extends BenchCommand {

  /** Some requests more, each of which takes seconds. */
  private static final int SLOW_ONE_IN = 200;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "10000",
      converter = Positive.class,
      description = "How many are sent; default ${DEFAULT-VALUE}.")
  private int requests;

  @Mixin private Seed seed = new Seed();

  @Override
  protected int run(BenchServer server) throws Exception {
    long seedInUse = seed.choose();
    out().printf("%,d requests; seed %d%n", requests, seedInUse);
    Tally tally = new Tally();
    List<String> changed;
    Answer afterwards;
    try (BenchDatabase database = server.create();
        Target target = Target.start(settings().config(Plugin.KINTSUGI, database), database)) {
      Stored before = target.stored();
      send(target, seedInUse, tally);
      changed = target.stored().changedSince(before);
      afterwards = afterwards(target);
    }
    out().println();
    tally.lines().forEach(out()::println);
    out().println();
    tally.examples().forEach(out()::println);
    out()
        .printf(
            "%,d requests, %,d of them with a client library; tables changed: %s; a good request"
                + " afterwards: %d%n",
            tally.sent(), tally.byLibrary(), changed, afterwards.status());
    boolean holds = tally.violations() == 0 && changed.isEmpty() && afterwards.status() == 202;
    out()
        .println(
            holds
                ? "Each was refused with a reason, and nothing was changed."
                : "NOT each was refused with a reason, without a change.");
    return holds ? DONE : FAILED;
  }

  private void send(Target target, long seedInUse, Tally tally) throws Exception {
    try (Progress.Running running = progress().counting("answered", tally::sent)) {
      new Clients(target.scene(), target.port(), tally)
          .send(requests, requests / SLOW_ONE_IN, seedInUse);
    }
  }

  /** A change that is to be made. */
  private static Answer afterwards(Target target) throws IOException {
    return new Wire(target.port())
        .send(
            Request.post(
                "/projections/" + Target.PROJECTION + "/rebuild", "{\"reason\": \"a good one\"}"));
  }
}
