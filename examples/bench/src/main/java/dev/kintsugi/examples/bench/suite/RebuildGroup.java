package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.replay.Contestant;
import dev.kintsugi.examples.bench.replay.HistoryJournal;
import dev.kintsugi.examples.bench.replay.Pair;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.history.files.FileEntity;
import dev.kintsugi.examples.history.input.HistoryFile;
import dev.kintsugi.examples.history.input.HistoryLine;
import java.util.ArrayList;
import java.util.List;

/**
 * Rebuilds of each kind, from the request to the proven end, fences included; the floor is {@code
 * replay}'s loop. Under load both have the same writers meanwhile: our actors, with all four read
 * models inline. Then the loop takes in what it sees until it sees no more, and may lose what
 * commits late; ours may not.
 */
final class RebuildGroup implements Group {

  private static final List<Pair> PAIRS = List.of(Pair.HANDLER, Pair.GROUPED, Pair.ROWS, Pair.FOLD);

  private final Ground ground;
  private final boolean underLoad;

  RebuildGroup(Ground ground, boolean underLoad) {
    this.ground = ground;
    this.underLoad = underLoad;
  }

  @Override
  public List<Measure> open(Resources resources) throws Exception {
    BenchDatabase database = resources.add(ground.server().create());
    Load load = resources.add(ground.start(database));
    List<HistoryLine> history =
        HistoryFile.ofTheExample().stream()
            .filter(line -> FileEntity.canHave(line.path()))
            .limit(ground.sizes().history())
            .toList();
    new HistoryJournal(load.kintsugi().eventWriter()).fill(database, history);
    database.execute("VACUUM ANALYZE event_journal");
    SteadyWriters writers = new SteadyWriters(load, underLoad ? ground.sizes().rate() : 0);
    List<Measure> measures = new ArrayList<>();
    for (Pair pair : PAIRS) {
      Contestant bare = pair.openFirst(database);
      Contestant ours = pair.openSecond(database, load.kintsugi());
      measures.add(
          Measure.of(
              "%s, %,d events".formatted(pair, history.size()),
              Unit.EVENTS_A_SECOND,
              () -> ours(database, ours, writers),
              () -> floor(database, bare, writers, history.size())));
    }
    return measures;
  }

  private static double ours(BenchDatabase database, Contestant ours, SteadyWriters writers)
      throws Exception {
    Contestant.Run run = writers.during(ours::run);
    Counted.expect(database, 0, "SELECT count(*) FROM kintsugi_skip");
    Counted.expect(
        database, database.count("SELECT count(*) FROM event_journal"), changes(ours.table()));
    return (run.events() + run.late()) / (run.whole().toNanos() / 1e9);
  }

  private static double floor(
      BenchDatabase database, Contestant bare, SteadyWriters writers, long history)
      throws Exception {
    Contestant.Run run = writers.during(bare::run);
    Counted.expect(database, run.events(), changes(bare.table()));
    if (run.events() < history) {
      throw new LoadFailedException(
          "%s was built from %,d of %,d events".formatted(bare.table(), run.events(), history));
    }
    return run.perSecond();
  }

  private static String changes(String table) {
    return "SELECT COALESCE(sum(changes), 0) FROM " + table;
  }
}
