package dev.kintsugi.runtime.internal.housekeeping;

import dev.kintsugi.runtime.internal.housekeeping.YieldingSession.Patience;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives back the space that {@code kintsugi_skip} does not need any more after a storm of records:
 * a table that was large is slow to look into when it is almost empty. Writers go on meanwhile; the
 * locks taken conflict with none of theirs.
 *
 * <p>VACUUM cuts off the end of the table, as far as it is empty. An index it only empties: it is
 * built anew beside the old one. Open records near the table's end keep its size until they are
 * gone; the space before them is used again.
 */
final class Compaction {

  private static final Logger log = LoggerFactory.getLogger(Compaction.class);

  private static final long KIB = 1024;

  /** A table up to this, with its indexes, is small enough whatever is in it. */
  private static final long SMALL_TABLE = 8 * KIB * KIB;

  /** The same for one index. */
  private static final long SMALL_INDEX = KIB * KIB;

  /** What an open record takes at the least, with its entries in all indexes. */
  private static final long BYTES_A_RECORD = 200;

  /** What its entry in one index takes at the least. */
  private static final long BYTES_AN_ENTRY = 50;

  /** From how many times of that on it is too large: a table that is in use is never packed. */
  private static final long TOO_LARGE = 4;

  private static final String TABLE =
      """
      SELECT format('%I.%I', n.nspname, c.relname), quote_ident(o.rolname),
        quote_ident(current_user), pg_has_role(c.relowner, 'USAGE'), pg_relation_size(c.oid),
        c.relpages, c.relallvisible
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_roles o ON o.oid = c.relowner
      WHERE c.oid = 'kintsugi_skip'::regclass
      """;

  /** Indexes that REINDEX CONCURRENTLY left when it was interrupted have names that end so. */
  private static final String INDEXES =
      """
      SELECT format('%I.%I', n.nspname, c.relname), pg_relation_size(c.oid),
        NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE i.indrelid = 'kintsugi_skip'::regclass
      ORDER BY c.relname
      """;

  /**
   * What the open records take, up to so many of them: with their names, which are in the table and
   * in its widest index, and with errors, as far as these are not kept elsewhere.
   */
  private static final String NEEDED =
      """
      SELECT COALESCE(sum(%1$d + 2 * (octet_length(persistence_id) + octet_length(projection))
          + least(COALESCE(octet_length(last_error), 0), 2000)), 0),
        COALESCE(sum(%2$d + octet_length(persistence_id) + octet_length(projection)), 0)
      FROM (SELECT * FROM kintsugi_skip LIMIT ?) AS open
      """
          .formatted(BYTES_A_RECORD, BYTES_AN_ENTRY);

  /** In bytes. */
  private record Needed(long table, long widestIndex) {}

  private record Index(String qualified, long bytes, boolean isLeftOver) {}

  /** The table as it is; its names are quoted. */
  private record Table(
      String qualified,
      String owner,
      String user,
      boolean mayAlter,
      long bytes,
      long pages,
      long allVisiblePages,
      List<Index> indexes) {

    long total() {
      return bytes + indexes.stream().mapToLong(Index::bytes).sum();
    }

    String sizes() {
      return "%d kB, with indexes %d kB".formatted(bytes / KIB, total() / KIB);
    }
  }

  private final YieldingSession session;
  private final HousekeepingReport report;

  Compaction(YieldingSession session, HousekeepingReport report) {
    this.session = session;
    this.report = report;
  }

  /** Compacts it if it is far larger than what is open needs. */
  void run() throws SQLException {
    Table table = read();
    boolean isTooLarge = isTooLarge(table);
    if (!isTooLarge && leftOver(table).isEmpty()) {
      return;
    }
    if (!table.mayAlter()) {
      report.failed(
          "compaction.rights",
          "kintsugi_skip is far larger than its open records need (%s), and the database's user %s may not compact it. GRANT %s TO %s; or, as its owner, VACUUM and REINDEX it."
              .formatted(table.sizes(), table.user(), table.owner(), table.user()),
          null);
      return;
    }
    dropLeftOver(table);
    if (isTooLarge) {
      compact(table);
    }
  }

  private boolean isTooLarge(Table table) throws SQLException {
    return table.total() > SMALL_TABLE
        && needed(table.total() / (TOO_LARGE * BYTES_A_RECORD) + 1).table() * TOO_LARGE
            < table.total();
  }

  private boolean isTooLarge(Index index) throws SQLException {
    return index.bytes() > SMALL_INDEX
        && needed(index.bytes() / (TOO_LARGE * BYTES_AN_ENTRY) + 1).widestIndex() * TOO_LARGE
            < index.bytes();
  }

  /** What is needed for the records that are open, of which only so many are looked at. */
  private Needed needed(long records) throws SQLException {
    try (PreparedStatement needed = session.connection().prepareStatement(NEEDED)) {
      needed.setLong(1, records);
      try (ResultSet row = needed.executeQuery()) {
        row.next();
        return new Needed(row.getLong(1), row.getLong(2));
      }
    }
  }

  private static List<Index> leftOver(Table table) {
    return table.indexes().stream().filter(Index::isLeftOver).toList();
  }

  /** They are no use to anybody, and writers keep them up. */
  private void dropLeftOver(Table table) throws SQLException {
    for (Index index : leftOver(table)) {
      // It may be another session's that is at work; that one holds a lock which this waits for.
      if (!session.run(
          Patience.UNNOTICED, "DROP INDEX CONCURRENTLY IF EXISTS " + index.qualified())) {
        report.postponed("to drop the index " + index.qualified());
      }
    }
  }

  private void compact(Table before) throws SQLException {
    if (!session.run(Patience.UNNOTICED, "VACUUM " + before.qualified())) {
      report.postponed("to vacuum kintsugi_skip");
      return;
    }
    Table vacuumed = read();
    if (vacuumed.bytes() > SMALL_TABLE / 2 && vacuumed.allVisiblePages() < vacuumed.pages() / 2) {
      report.postponed(
          "to compact kintsugi_skip (%s), as an older transaction may still see what was deleted"
              .formatted(vacuumed.sizes()));
      return;
    }
    rebuildIndexes(vacuumed);
    Table after = read();
    if (after.total() < before.total()) {
      log.info("Compacted kintsugi_skip: {} before, {} after", before.sizes(), after.sizes());
    }
  }

  private void rebuildIndexes(Table table) throws SQLException {
    for (Index index : table.indexes()) {
      if (index.isLeftOver() || !isTooLarge(index)) {
        continue;
      }
      if (!session.run(Patience.UNNOTICED, "REINDEX INDEX CONCURRENTLY " + index.qualified())) {
        report.postponed("to rebuild the index " + index.qualified());
        dropLeftOver(read());
        return;
      }
    }
  }

  private Table read() throws SQLException {
    try (Statement statement = session.connection().createStatement();
        ResultSet row = statement.executeQuery(TABLE)) {
      row.next();
      return new Table(
          row.getString(1),
          row.getString(2),
          row.getString(3),
          row.getBoolean(4),
          row.getLong(5),
          row.getLong(6),
          row.getLong(7),
          indexes());
    }
  }

  private List<Index> indexes() throws SQLException {
    List<Index> indexes = new ArrayList<>();
    try (Statement statement = session.connection().createStatement();
        ResultSet row = statement.executeQuery(INDEXES)) {
      while (row.next()) {
        indexes.add(new Index(row.getString(1), row.getLong(2), row.getBoolean(3)));
      }
    }
    return indexes;
  }
}
