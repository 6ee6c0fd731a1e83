package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.finality.FinalOrdering;
import dev.kintsugi.runtime.internal.state.Fence;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What one look costs: at a fence that ids tell to have passed, at one for which the server's locks
 * have to be looked at, and up to where the journal is final. Each with few locks held, and with
 * many. The floor is the shortest statement that there is.
 */
final class LookGroup implements Group {

  private static final int MANY = 5_000;
  private static final int LOOKS = 200;

  private static final NumberedTable JOURNAL =
      new NumberedTable("event_journal", "\"ordering\"", "the journal", "ordering", "event");

  /** Final up to before the last event, so that it is looked for the writers each time. */
  private static final FinalOrdering BEFORE_THE_LAST = new FinalOrdering(1, Optional.empty());

  private final Ground ground;

  LookGroup(Ground ground) {
    this.ground = ground;
  }

  @FunctionalInterface
  private interface Look {
    void at(Connection connection) throws SQLException;
  }

  @Override
  public List<Measure> open(Resources resources) throws Exception {
    BenchDatabase database = resources.add(ground.server().create());
    database.withJournal().withSkipRecords();
    database.execute("CREATE TABLE of_others (n INT)");
    database.execute(
        """
        INSERT INTO event_journal (ordering, persistence_id, sequence_number, writer,
          write_timestamp, adapter_manifest, event_payload, event_ser_id, event_ser_manifest)
        VALUES (1, 'a', 1, '', 0, '', '', 20, ''), (2, 'a', 2, '', 0, '', '', 20, '')
        """);
    Connection connection = connect(resources, database);
    Connection holder = connect(resources, database);
    Connection forgotten = connect(resources, database);
    Fence passed = Fence.take(connection);
    execute(forgotten, "INSERT INTO of_others VALUES (1)");
    Fence held = Fence.take(connection);
    List<Measure> measures = new ArrayList<>();
    for (int locks : new int[] {0, MANY}) {
      String suffix = ", %,d locks held; SELECT 1".formatted(locks);
      measures.add(
          measure("a look at a fence by ids" + suffix, connection, holder, locks, passed::look));
      measures.add(
          measure("a look at a fence by locks" + suffix, connection, holder, locks, held::look));
      measures.add(
          measure(
              "a look up to where the journal is final" + suffix,
              connection,
              holder,
              locks,
              looking -> BEFORE_THE_LAST.look(looking, JOURNAL, 0, 0)));
    }
    return measures;
  }

  private static Connection connect(Resources resources, BenchDatabase database)
      throws SQLException {
    Connection connection = resources.add(database.login().connect());
    connection.setAutoCommit(false);
    return connection;
  }

  private static Measure measure(
      String name, Connection connection, Connection holder, int locks, Look look) {
    return new Measure(
        name,
        Unit.MICROSECONDS,
        () -> median(connection, look),
        () -> median(connection, LookGroup::selectOne),
        () -> {
          holder.rollback();
          execute(
              holder,
              "SELECT count(pg_advisory_xact_lock(n)) FROM generate_series(1, " + locks + ") n");
        });
  }

  private static double median(Connection connection, Look look) throws SQLException {
    double[] micros = new double[LOOKS];
    for (int i = 0; i < LOOKS; i++) {
      long begin = System.nanoTime();
      look.at(connection);
      connection.rollback();
      micros[i] = (System.nanoTime() - begin) / 1e3;
    }
    Arrays.sort(micros);
    return micros[LOOKS / 2];
  }

  private static void selectOne(Connection connection) throws SQLException {
    execute(connection, "SELECT 1");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
