package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.Kintsugi;
import java.util.Locale;
import java.util.Optional;

/** Who is beside whom, and how many times as fast the second is to be. */
enum Pair {
  HANDLER("bare loop, a statement each", "kintsugi handler", Optional.of(0.8)),
  GROUPED("bare loop, in batches", "kintsugi grouped handler", Optional.of(0.8)),
  TWO_STATEMENTS("bare loop, a statement each", "on two connections", Optional.empty()),
  TWO_BATCHES("bare loop, in batches", "on two connections", Optional.empty());

  private final String first;
  private final String second;
  private final Optional<Double> atLeast;

  Pair(String first, String second, Optional<Double> atLeast) {
    this.first = first;
    this.second = second;
    this.atLeast = atLeast;
  }

  /** Who is measured with. */
  String first() {
    return first;
  }

  /** Who is measured. */
  String second() {
    return second;
  }

  /** The ratio that is to be reached, if one is. */
  Optional<Target> target() {
    return atLeast.map(Target.AtLeast::new);
  }

  Contestant openFirst(BenchDatabase database) throws Exception {
    String table = "bare_" + name().toLowerCase(Locale.ROOT);
    database.execute(FilesTable.ddl(table));
    return switch (this) {
      case HANDLER, TWO_STATEMENTS -> new BareLoop(database, table, BareLoop.Upserts.ONE_BY_ONE, 1);
      case GROUPED, TWO_BATCHES -> new BareLoop(database, table, BareLoop.Upserts.IN_BATCHES, 1);
    };
  }

  Contestant openSecond(BenchDatabase database, Kintsugi kintsugi) throws Exception {
    String table = "files_" + name().toLowerCase(Locale.ROOT);
    return switch (this) {
      case HANDLER ->
          new OurRebuild(kintsugi, files(table).handler(() -> new FilesHandler(table)).build());
      case GROUPED ->
          new OurRebuild(
              kintsugi, files(table).groupedHandler(() -> new GroupedFilesHandler(table)).build());
      case TWO_STATEMENTS -> twoConnections(database, table, BareLoop.Upserts.ONE_BY_ONE);
      case TWO_BATCHES -> twoConnections(database, table, BareLoop.Upserts.IN_BATCHES);
    };
  }

  private static Projection.Builder<FileEvent> files(String table) {
    return Projection.named(table).of(FileEvent.class).tables(Tables.sql(FilesTable.ddl(table)));
  }

  private static Contestant twoConnections(
      BenchDatabase database, String table, BareLoop.Upserts upserts) throws Exception {
    database.execute(FilesTable.ddl(table));
    return new BareLoop(database, table, upserts, 2);
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
