package dev.kintsugi.runtime.internal.housekeeping;

import dev.kintsugi.runtime.internal.housekeeping.YieldingSession.Patience;
import dev.kintsugi.runtime.internal.jdbc.ServerVersion;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the archive's partitions ahead of time and drops them behind, each step by itself: a crash
 * at any point leaves what the next run goes on from. What there is, it reads from the catalog.
 *
 * <p>A writer that archives holds ROW EXCLUSIVE on the parent and on the day's partition. None of
 * the locks taken here conflicts with that, but for those of {@link DefaultPartition} and, on
 * PostgreSQL 13, of dropping; these are waited for so briefly that a writer behind them does not
 * notice.
 *
 * <p>Partitions whose names are not of its own making it leaves alone, and so all of them where
 * there is a DEFAULT partition beside others.
 */
final class ArchivePartitions {

  private static final Logger log = LoggerFactory.getLogger(ArchivePartitions.class);

  /** With fewer days than this to come that have a partition, it is said each day. */
  private static final int DAYS_TOO_FEW = 3;

  /** How a partition is dropped. */
  enum Dropping {
    /** Detached first, which writers don't wait for. */
    DETACH_CONCURRENTLY,
    /** Under a lock on the parent that writers wait for, if it is to be had at once. */
    UNDER_A_SHORT_LOCK;

    /** The best that a server can do. */
    static Dropping on(ServerVersion server) {
      return server.detachesConcurrently() ? DETACH_CONCURRENTLY : UNDER_A_SHORT_LOCK;
    }
  }

  private final YieldingSession session;
  private final Dropping dropping;
  private final Duration ahead;
  private final Duration retention;
  private final Instant now;
  private final HousekeepingReport report;

  /** Partitions as they are to be at a time, which is the database's. */
  ArchivePartitions(
      YieldingSession session,
      Dropping dropping,
      Duration ahead,
      Duration retention,
      Instant now,
      HousekeepingReport report) {
    this.session = session;
    this.dropping = dropping;
    this.ahead = ahead;
    this.retention = retention;
    this.now = now;
    this.report = report;
  }

  /** Does all that is to be done and can be. */
  void run() throws SQLException {
    ArchiveTable table = ArchiveTable.read(session.connection());
    if (!table.mayAlter() || !table.mayCreate()) {
      report.failed("archive.rights", whatToGrant(table), null);
    } else if (table.defaultPartition().isEmpty()) {
      maintain(table);
    } else if (table.partitions().size() == 1) {
      convertDefault(table, table.defaultPartition().get());
    } else {
      report.failed(
          "archive.default",
          "%s has a DEFAULT partition (%s) beside others, which is not of Kintsugi's making: it makes no partitions and drops none. Drop it, or all others, for that."
              .formatted(ArchiveTable.NAME, table.defaultPartition().get().name()),
          null);
    }
    warnIfRunningOut();
  }

  private static String whatToGrant(ArchiveTable table) {
    return "The database's user %2$s may not make and drop partitions of %1$s, so that what is archived is kept for good%5$s. GRANT %3$s TO %2$s; and, as owner of the schema, GRANT CREATE ON SCHEMA %4$s TO %2$s, %3$s;"
        .formatted(
            ArchiveTable.NAME,
            table.user(),
            table.owner(),
            table.schema(),
            table.defaultPartition().isPresent()
                ? ""
                : ", and after its last partition's day nothing can be archived");
  }

  private void convertDefault(ArchiveTable table, ArchiveTable.Partition partition)
      throws SQLException {
    new DefaultPartition(session, table, partition, today(), report).convert();
    ArchiveTable converted = ArchiveTable.read(session.connection());
    if (converted.defaultPartition().isEmpty()) {
      maintain(converted);
    }
  }

  private LocalDate today() {
    return LocalDate.ofInstant(now, ZoneOffset.UTC);
  }

  private void maintain(ArchiveTable table) throws SQLException {
    makeAhead(table);
    if (finishDropping(table)) {
      dropBehind(table);
    }
  }

  private void makeAhead(ArchiveTable table) throws SQLException {
    List<LocalDate> made = new ArrayList<>();
    LocalDate last = LocalDate.ofInstant(now.plus(ahead), ZoneOffset.UTC);
    for (LocalDate day = today(); !day.isAfter(last); day = day.plusDays(1)) {
      if (!table.covers(day) && make(table, day)) {
        made.add(day);
      }
    }
    if (!made.isEmpty()) {
      log.info(
          "Made {} partitions of {}, up to {}",
          made.size(),
          ArchiveTable.NAME,
          made.get(made.size() - 1));
    }
  }

  /**
   * All in one transaction, so that a crash leaves no table that is no partition, and that a newer
   * version's columns would not come to.
   */
  private boolean make(ArchiveTable table, LocalDate day) throws SQLException {
    String partition = table.schema() + "." + ArchiveTable.nameOf(day);
    List<String> statements = new ArrayList<>();
    statements.add(
        "CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)"
            .formatted(partition, table.qualified()));
    if (!table.owner().equals(table.user())) {
      // Whichever user the next run has, it can drop what is the parent's owner's.
      statements.add("ALTER TABLE %s OWNER TO %s".formatted(partition, table.owner()));
    }
    statements.add(
        "ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)"
            .formatted(
                table.qualified(),
                partition,
                ArchiveTable.literal(day),
                ArchiveTable.literal(day.plusDays(1))));
    try {
      boolean made = session.run(Patience.UNNOTICED, statements.toArray(String[]::new));
      if (!made) {
        report.postponed("to make the partition " + partition);
      }
      return made;
    } catch (SQLException e) {
      passOn(e);
      report.failed(
          "archive.make." + SqlStates.of(e).orElse(""),
          "The partition %s can't be made, which %s needs from that day on unless it has another one for it: %s"
              .formatted(partition, ArchiveTable.NAME, e.getMessage()),
          e);
      return false;
    }
  }

  /** Without a connection, or a server that is up, nothing that comes after it can be done. */
  private static void passOn(SQLException error) throws SQLException {
    if (SqlStates.isDatabaseAtFault(error)) {
      throw error;
    }
  }

  private boolean isPastRetention(ArchiveTable.Partition partition) {
    Instant kept = now.minus(retention);
    return partition
        .days()
        .map(days -> days.until().atStartOfDay(ZoneOffset.UTC).toInstant())
        .filter(end -> !end.isAfter(kept))
        .isPresent();
  }

  /**
   * Of what an earlier run began to drop: it was interrupted, or did not wait any longer.
   *
   * @return whether nothing of it is left that keeps others from being detached
   */
  private boolean finishDropping(ArchiveTable table) throws SQLException {
    for (ArchiveTable.Partition partition : table.partitions()) {
      if (partition.detachPending() && !finishDetaching(table, partition)) {
        report.postponed("to detach the partition " + partition.name());
        return false;
      }
    }
    for (String detached : ArchiveTable.detached(session.connection())) {
      if (!dropDetached(detached)) {
        report.postponed("to drop " + detached);
      }
    }
    return true;
  }

  private boolean finishDetaching(ArchiveTable table, ArchiveTable.Partition partition)
      throws SQLException {
    // Of another name it is an operator's, who finishes it.
    return partition.days().isPresent()
        && session.run(
            Patience.UNNOTICED,
            "ALTER TABLE %s DETACH PARTITION %s FINALIZE"
                .formatted(table.qualified(), partition.qualified()));
  }

  /** One after the other: the server detaches one at a time, and what is in its way stays there. */
  private void dropBehind(ArchiveTable table) throws SQLException {
    for (ArchiveTable.Partition partition : table.partitions()) {
      if (partition.detachPending() || !isPastRetention(partition)) {
        continue;
      }
      boolean dropped =
          switch (dropping) {
            case DETACH_CONCURRENTLY ->
                detach(table, partition) && dropDetached(partition.qualified());
            case UNDER_A_SHORT_LOCK ->
                session.run(Patience.IN_THE_WAY, "DROP TABLE " + partition.qualified());
          };
      if (!dropped) {
        report.postponed("to drop the partition " + partition.name());
        return;
      }
      log.info("Dropped the partition {}, past its retention", partition.name());
    }
  }

  private boolean detach(ArchiveTable table, ArchiveTable.Partition partition) throws SQLException {
    // By the comment the next run knows it from one that an operator detached, to keep it.
    return session.run(
            Patience.UNNOTICED,
            "COMMENT ON TABLE %s IS '%s'"
                .formatted(partition.qualified(), ArchiveTable.BEING_DROPPED))
        && session.run(
            Patience.UNNOTICED,
            "ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY"
                .formatted(table.qualified(), partition.qualified()));
  }

  private boolean dropDetached(String qualified) throws SQLException {
    return session.run(Patience.UNNOTICED, "DROP TABLE " + qualified);
  }

  private void warnIfRunningOut() throws SQLException {
    ArchiveTable table = ArchiveTable.read(session.connection());
    if (table.defaultPartition().isPresent()
        || table.partitions().stream().anyMatch(partition -> partition.days().isEmpty())) {
      return;
    }
    for (int days = 0; days < DAYS_TOO_FEW; days++) {
      LocalDate day = today().plusDays(days);
      if (!table.covers(day)) {
        report.failed(
            "archive.runs-out." + days,
            "%s has no partition for %s and later: from then on skip records can't be archived, and drains fail until there is one."
                .formatted(ArchiveTable.NAME, day),
            null);
        return;
      }
    }
  }
}
