package dev.kintsugi.examples.bench.replay;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.examples.bench.stats.Target;
import dev.kintsugi.examples.history.files.FileEvent;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.rows.RowTable;
import dev.kintsugi.runtime.Kintsugi;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Who is beside whom, and how many times as fast the second is to be. */
public enum Pair {
  HANDLER("bare loop, a statement each", "kintsugi handler"),
  GROUPED("bare loop, in batches", "kintsugi grouped handler"),
  ROWS("bare fold and COPY of rows", "kintsugi rows"),
  FOLD("bare fold and COPY of documents", "kintsugi fold"),
  TWO_STATEMENTS("bare loop, a statement each", "on two connections"),
  TWO_BATCHES("bare loop, in batches", "on two connections");

  /** So many events a second are enough, whatever the bare loop does. */
  private static final double ENOUGH = 250_000;

  private final String first;
  private final String second;

  Pair(String first, String second) {
    this.first = first;
    this.second = second;
  }

  /** Who is measured with. */
  String first() {
    return first;
  }

  /** Who is measured. */
  String second() {
    return second;
  }

  /**
   * The ratio that is to be reached, if one is.
   *
   * @param perSecond events that the first takes in
   */
  Optional<Target> target(double perSecond) {
    return switch (this) {
      case HANDLER, GROUPED -> Optional.of(new Target.AtLeast(0.8));
      case ROWS, FOLD -> Optional.of(new Target.AtLeast(Math.min(0.5, ENOUGH / perSecond)));
      case TWO_STATEMENTS, TWO_BATCHES -> Optional.empty();
    };
  }

  public Contestant openFirst(BenchDatabase database) throws SQLException {
    String table = "bare_" + name().toLowerCase(Locale.ROOT);
    return switch (this) {
      case HANDLER, TWO_STATEMENTS -> loop(database, table, BareLoop.Upserts.ONE_BY_ONE, 1);
      case GROUPED, TWO_BATCHES -> loop(database, table, BareLoop.Upserts.IN_BATCHES, 1);
      case ROWS -> {
        database.execute(FilesTable.ddl(table));
        yield new FoldAndCopy(database, table, FoldAndCopy.Form.ROW);
      }
      case FOLD -> {
        database.execute(FileState.ddl(table));
        yield new FoldAndCopy(database, table, FoldAndCopy.Form.DOCUMENT);
      }
    };
  }

  public Contestant openSecond(BenchDatabase database, Kintsugi kintsugi) throws SQLException {
    String table = "files_" + name().toLowerCase(Locale.ROOT);
    return switch (this) {
      case HANDLER ->
          new OurRebuild(kintsugi, files(table).handler(() -> new FilesHandler(table)).build());
      case GROUPED ->
          new OurRebuild(
              kintsugi, files(table).groupedHandler(() -> new GroupedFilesHandler(table)).build());
      case ROWS -> new OurRebuild(kintsugi, rows(table));
      case FOLD -> new OurRebuild(kintsugi, FileState.fold(table));
      case TWO_STATEMENTS -> loop(database, table, BareLoop.Upserts.ONE_BY_ONE, 2);
      case TWO_BATCHES -> loop(database, table, BareLoop.Upserts.IN_BATCHES, 2);
    };
  }

  private static Projection<FileEvent> rows(String name) {
    RowTable table = FilesTable.rows(name);
    return Projection.named(name)
        .of(FileEvent.class)
        .rebuilt(RebuildPolicy.inPlace())
        .rows(List.of(table), (envelope, rows) -> FilesTable.map(table, envelope.event(), rows))
        .build();
  }

  private static Projection.Builder<FileEvent> files(String table) {
    return Projection.named(table)
        .of(FileEvent.class)
        .rebuilt(RebuildPolicy.inPlace())
        .tables(Tables.sql(FilesTable.ddl(table)));
  }

  private static Contestant loop(
      BenchDatabase database, String table, BareLoop.Upserts upserts, int connections)
      throws SQLException {
    database.execute(FilesTable.ddl(table));
    return new BareLoop(database, table, upserts, connections);
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
