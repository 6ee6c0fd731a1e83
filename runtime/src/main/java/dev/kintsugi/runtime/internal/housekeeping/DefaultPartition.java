package dev.kintsugi.runtime.internal.housekeeping;

import dev.kintsugi.runtime.internal.housekeeping.YieldingSession.Patience;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the archive's first partition, its DEFAULT, the one of all days before a day to come.
 * Beside a DEFAULT partition there can be no others without a lock that writers wait for: to attach
 * one, its rows are searched, and none can be detached CONCURRENTLY.
 *
 * <p>No row is moved, and none is searched under a lock that writers need. A CHECK is added that
 * says that all rows are below that day (NOT VALID: for new rows), then validated, which blocks
 * nobody; and with that proof the partition changes its bounds in one short transaction. A crash
 * between leaves the CHECK, from which the next run goes on; its name says the day. It would keep
 * writers from archiving from that day on, so it is taken back in time if it comes to nothing.
 */
final class DefaultPartition {

  private static final Logger log = LoggerFactory.getLogger(DefaultPartition.class);

  /** In how many days the new bound is: so long may validating and waiting for the lock take. */
  private static final int DAYS_TO_CONVERT = 7;

  /** How many days before the bound it is given up, and begun again with a later one. */
  private static final int DAYS_TOO_FEW = 2;

  /** A row that is further ahead is a mistake that is not to be a bound. */
  private static final int DAYS_TOO_MANY = 366;

  private static final String HIGHEST =
      "SELECT (max(archived_at) AT TIME ZONE 'UTC')::date FROM %s";

  private static final String PROOF =
      """
      SELECT conname, convalidated FROM pg_constraint
      WHERE conrelid = ?::regclass AND contype = 'c'
        AND conname ~ '^kintsugi_skip_archive_until_[0-9]{8}$'
      """;

  /** The CHECK that is there from an earlier run, or from this one. */
  private record Proof(LocalDate until, boolean isValid) {}

  private final YieldingSession session;
  private final ArchiveTable table;
  private final String partition;
  private final LocalDate today;
  private final HousekeepingReport report;

  DefaultPartition(
      YieldingSession session,
      ArchiveTable table,
      ArchiveTable.Partition partition,
      LocalDate today,
      HousekeepingReport report) {
    this.session = session;
    this.table = table;
    this.partition = partition.qualified();
    this.today = today;
    this.report = report;
  }

  /** Converts it, or goes on with that. */
  void convert() throws SQLException {
    Optional<Proof> proof = proof();
    if (proof.isPresent() && proof.get().until().isBefore(today.plusDays(DAYS_TOO_FEW))) {
      if (!takeBack(proof.get())) {
        return;
      }
      proof = Optional.empty();
    }
    if (proof.isEmpty() && !claim()) {
      return;
    }
    proof = proof();
    if (proof.isPresent() && (proof.get().isValid() || validate(proof.get()))) {
      changeBounds(proof.get().until());
    }
  }

  private Optional<Proof> proof() throws SQLException {
    try (PreparedStatement select = session.connection().prepareStatement(PROOF)) {
      select.setString(1, partition);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        boolean isValid = row.getBoolean(2);
        return ArchiveTable.dayUntil(row.getString(1)).map(day -> new Proof(day, isValid));
      }
    }
  }

  private boolean takeBack(Proof proof) throws SQLException {
    return orPostpone(
        "to drop the CHECK %s of %s".formatted(ArchiveTable.nameUntil(proof.until()), partition),
        Patience.IN_THE_WAY,
        "ALTER TABLE %s DROP CONSTRAINT %s"
            .formatted(partition, ArchiveTable.nameUntil(proof.until())));
  }

  /** From here on no row comes in that is beyond the bound. */
  private boolean claim() throws SQLException {
    Optional<LocalDate> highest = highest();
    if (highest.filter(day -> day.isAfter(today.plusDays(DAYS_TOO_MANY))).isPresent()) {
      report.failed(
          "archive.future",
          "%s has a row that was archived on %s, which is yet to come. Partitions by day can't be made before its archived_at is corrected; until then it takes all, and nothing is dropped."
              .formatted(partition, highest.get()),
          null);
      return false;
    }
    LocalDate until = today.plusDays(DAYS_TO_CONVERT);
    if (highest.isPresent() && !highest.get().isBefore(until)) {
      until = highest.get().plusDays(1);
    }
    return orPostpone(
        "to add a CHECK to " + partition,
        Patience.IN_THE_WAY,
        "ALTER TABLE %s ADD CONSTRAINT %s CHECK (archived_at < %s) NOT VALID"
            .formatted(partition, ArchiveTable.nameUntil(until), ArchiveTable.literal(until)));
  }

  private Optional<LocalDate> highest() throws SQLException {
    try (Statement statement = session.connection().createStatement();
        ResultSet row = statement.executeQuery(HIGHEST.formatted(partition))) {
      row.next();
      return Optional.ofNullable(row.getObject(1, LocalDate.class));
    }
  }

  private boolean validate(Proof proof) throws SQLException {
    try {
      return orPostpone(
          "to validate the CHECK of " + partition,
          Patience.UNNOTICED,
          "ALTER TABLE %s VALIDATE CONSTRAINT %s"
              .formatted(partition, ArchiveTable.nameUntil(proof.until())));
    } catch (SQLException e) {
      if (SqlStates.of(e).filter(SqlStates.CHECK_VIOLATION::equals).isPresent()) {
        // A row came in between that is further ahead. The next run looks for the highest again.
        takeBack(proof);
      }
      throw e;
    }
  }

  private void changeBounds(LocalDate until) throws SQLException {
    String name = ArchiveTable.nameUntil(until);
    boolean changed =
        orPostpone(
            "to change the bounds of " + partition,
            Patience.IN_THE_WAY,
            "ALTER TABLE %s DETACH PARTITION %s".formatted(table.qualified(), partition),
            "ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (MINVALUE) TO (%s)"
                .formatted(table.qualified(), partition, ArchiveTable.literal(until)),
            "ALTER TABLE %s DROP CONSTRAINT %s".formatted(partition, name),
            "ALTER TABLE %s RENAME TO %s".formatted(partition, name));
    if (changed) {
      log.info(
          "The default partition of {} is {} now, for all days before {}; each later day has a"
              + " partition of its own",
          ArchiveTable.NAME,
          name,
          until);
    }
  }

  private boolean orPostpone(String what, Patience patience, String... statements)
      throws SQLException {
    boolean done = session.run(patience, statements);
    if (!done) {
      report.postponed(what);
    }
    return done;
  }
}
