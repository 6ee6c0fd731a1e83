package dev.kintsugi.examples.bench.append;

import com.typesafe.config.Config;
import dev.kintsugi.examples.bench.Progress;
import dev.kintsugi.examples.bench.Settings;
import dev.kintsugi.examples.bench.append.Case.Extra;
import dev.kintsugi.examples.bench.append.Case.Work;
import dev.kintsugi.examples.bench.load.Load;
import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.LoadFailedException;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.load.WritesHandler;
import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.server.BenchServer;
import dev.kintsugi.projections.Projection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Runs cases: each write in a database of its own, each recovery from the same one, all with a new
 * actor system and the same number of connections. What was acknowledged is counted in the tables
 * afterwards: a plugin that is fast because it leaves something out has not run.
 */
final class Runner implements AutoCloseable {

  private static final String STREAMS = "load";

  private final BenchServer server;
  private final Settings settings;
  private final Progress progress;
  private final int actors;
  private Optional<BenchDatabase> history = Optional.empty();

  Runner(BenchServer server, Settings settings, Progress progress, int actors) {
    this.server = server;
    this.settings = settings;
    this.progress = progress;
    this.actors = actors;
  }

  /**
   * Runs a case.
   *
   * @param events of each actor
   * @throws LoadFailedException if an event was not stored, or not as often as it should be
   */
  Load.Done run(Case what, int events) throws Exception {
    System.gc();
    return what.work() == Work.RECOVER ? recover(what, events) : write(what, events);
  }

  private Load.Done write(Case what, int events) throws Exception {
    try (BenchDatabase database = server.create().withJournal()) {
      Load.Done done = write(what, events, database);
      count(what, database, "SELECT count(*) FROM event_journal", events);
      switch (what.extra()) {
        case NOTHING -> {}
        case TAG -> count(what, database, "SELECT count(*) FROM event_tag", events);
        case UPSERT, BATCHED_UPSERT, COALESCED_UPSERT ->
            count(what, database, "SELECT sum(events) FROM writes", events);
      }
      return done;
    }
  }

  private Load.Done write(Case what, int events, BenchDatabase database) throws Exception {
    try (Load load = Load.start(config(what, database))) {
      switch (what.extra()) {
        case NOTHING, TAG -> {}
        case UPSERT -> start(load, WritesHandler.projection());
        case BATCHED_UPSERT -> start(load, WritesHandler.groupedProjection());
        case COALESCED_UPSERT -> start(load, WritesHandler.coalescedProjection());
      }
      load.recover(STREAMS, actors);
      try (Progress.Running running = progress.counting(what.toString(), load::events)) {
        return what.work() == Work.PERSIST ? load.persist(events) : load.persistAsync(events);
      }
    }
  }

  private static void start(Load load, Projection<LoadEvent> projection) throws Exception {
    load.kintsugi().start(projection);
    load.kintsugi().whenDone(WritesHandler.NAME).toCompletableFuture().get();
  }

  /** Both plugins recover the very same rows. Streams without events open the connections first. */
  private Load.Done recover(Case what, int events) throws Exception {
    try (Load load = Load.start(config(what, history(events)))) {
      load.recover("empty", actors);
      Load.Done done = load.recover(STREAMS, actors);
      refuse(what, "recovered", done.events(), events);
      return done;
    }
  }

  /** A database with history, as the stock plugin writes it; made again if it has another size. */
  private BenchDatabase history(int events) throws Exception {
    if (history.isPresent()) {
      long stored = history.get().count("SELECT count(*) FROM event_journal");
      if (stored == (long) events * actors) {
        return history.get();
      }
      close();
    }
    BenchDatabase database = server.create().withJournal();
    history = Optional.of(database);
    write(new Case(Plugin.STOCK, Work.PERSIST, Extra.NOTHING), events, database);
    database.execute("VACUUM ANALYZE event_journal");
    return database;
  }

  private Config config(Case what, BenchDatabase database) {
    Config config = settings.config(what.plugin(), database);
    return what.extra() == Extra.TAG ? what.plugin().tagging(config) : config;
  }

  private void count(Case what, BenchDatabase database, String query, int events)
      throws SQLException, LoadFailedException {
    refuse(what, query, database.count(query), events);
  }

  private void refuse(Case what, String where, long found, int events) throws LoadFailedException {
    long expected = (long) events * actors;
    if (found != expected) {
      throw new LoadFailedException(
          "%s: %,d events were acknowledged, and there are %,d: %s"
              .formatted(what, expected, found, where));
    }
  }

  @Override
  public void close() throws SQLException {
    if (history.isPresent()) {
      history.get().close();
      history = Optional.empty();
    }
  }
}
