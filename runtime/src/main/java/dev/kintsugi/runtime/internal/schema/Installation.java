package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does the steps of scripts that have not been done, each in a transaction of its own, while
 * writers go on. A step waits for its locks only shortly, as all who come after it wait for it
 * meanwhile, and is tried again with growing pauses: so a long reader (a dump, a report) delays the
 * installation and nobody else.
 */
final class Installation {

  private static final Logger log = LoggerFactory.getLogger(Installation.class);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** Two nodes that start at once do one thing at a time. */
  private static final String BEGIN =
      "SET LOCAL lock_timeout = '100ms'; SELECT pg_advisory_xact_lock(hashtext('kintsugi.schema'))";

  private static final String HOLDERS =
      """
      SELECT DISTINCT format('pid %%s (%%s, %%s, for %%s)', l.pid, COALESCE(NULLIF(a.application_name, ''), 'unnamed'),
        a.state, date_trunc('second', clock_timestamp() - a.xact_start))
      FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'relation' AND l.granted AND l.relation = to_regclass('%s')
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """;

  private final Database database;
  private final Duration patience;

  /**
   * An installation.
   *
   * @param patience for how long a step is tried
   */
  Installation(Database database, Duration patience) {
    this.database = database;
    this.patience = patience;
  }

  /**
   * Those of some steps that have not been done. Takes no lock that a reader or writer waits for.
   */
  List<SchemaScript.Step> missing(List<SchemaScript.Step> steps) throws Exception {
    return database.inTransaction(connection -> missing(connection, steps));
  }

  private static List<SchemaScript.Step> missing(
      Connection connection, List<SchemaScript.Step> steps) throws SQLException {
    String looks = steps.stream().map(SchemaScript.Step::done).collect(Collectors.joining(", "));
    List<SchemaScript.Step> missing = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT " + looks)) {
      row.next();
      for (int i = 0; i < steps.size(); i++) {
        if (!row.getBoolean(i + 1)) {
          missing.add(steps.get(i));
        }
      }
    }
    return missing;
  }

  /**
   * Does a step, if nobody has done it meanwhile.
   *
   * @throws SchemaException if others' locks were in its way for as long as it is tried
   */
  void run(SchemaScript.Step step) throws Exception {
    long begin = System.nanoTime();
    Duration pause = FIRST_PAUSE;
    while (!attempt(step)) {
      Duration waited = Duration.ofNanos(System.nanoTime() - begin);
      String holders = holders(step);
      if (waited.compareTo(patience) > 0) {
        throw new SchemaException(
            "%s could not be made in %d s, as other transactions hold locks on %s: %s. Nothing has waited for it. Wait until these have ended, or end them, and start again; or run config/ddl/postgresql/kintsugi.sql at a quieter time."
                .formatted(step.name(), waited.toSeconds(), step.table(), holders));
      }
      log.warn(
          "To make {}, the start waits for transactions that hold locks on {}: {}. It is tried again in {} ms; nobody waits for it meanwhile",
          step.name(),
          step.table(),
          holders,
          pause.toMillis());
      Thread.sleep(pause.toMillis());
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
  }

  /** Whether it is done now; if not, a lock is in its way. */
  private boolean attempt(SchemaScript.Step step) throws Exception {
    try {
      return database.inTransaction(
          connection -> {
            try (Statement statement = connection.createStatement()) {
              statement.execute(BEGIN);
              if (!missing(connection, List.of(step)).isEmpty()) {
                statement.execute(step.sql());
                log.info("Made {}", step.name());
              }
              return true;
            }
          });
    } catch (SQLException e) {
      if (SqlStates.of(e).filter(SqlStates.LOCK_NOT_AVAILABLE::equals).isPresent()) {
        return false;
      }
      throw e;
    }
  }

  private String holders(SchemaScript.Step step) throws Exception {
    return database.inTransaction(
        connection -> {
          List<String> holders = new ArrayList<>();
          try (Statement statement = connection.createStatement();
              ResultSet row = statement.executeQuery(HOLDERS.formatted(step.table()))) {
            while (row.next()) {
              holders.add(row.getString(1));
            }
          }
          return holders.isEmpty() ? "they have just ended" : String.join(", ", holders);
        });
  }
}
