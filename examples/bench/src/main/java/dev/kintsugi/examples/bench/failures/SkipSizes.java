package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.server.BenchDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * What skip records take on the disk, in bytes.
 *
 * @param open how many are open
 * @param table {@code kintsugi_skip} without its indexes
 * @param archive all partitions of the archive, with their indexes
 */
record SkipSizes(long open, long table, long indexes, long archive) {

  private static final long MIB = 1 << 20;

  /** A generous estimate of a record with its entries in three indexes. */
  private static final long BYTES_A_RECORD = 600;

  private static final String SIZES =
      """
      SELECT (SELECT count(*) FROM kintsugi_skip),
        pg_table_size('kintsugi_skip'), pg_indexes_size('kintsugi_skip'),
        (SELECT COALESCE(sum(pg_total_relation_size(relid)), 0)
          FROM pg_partition_tree('kintsugi_skip_archive') WHERE isleaf)
      """;

  /** Measures them as they are now. */
  static SkipSizes of(BenchDatabase database) throws SQLException {
    try (Connection connection = database.login().connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(SIZES)) {
      row.next();
      return new SkipSizes(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
    }
  }

  /** The table and its indexes. */
  long total() {
    return table + indexes;
  }

  /** How large the table and its indexes may be, in MiB, for what is open. */
  double bound() {
    return mib(MIB + open * BYTES_A_RECORD);
  }

  /** Whether they are no larger than that. */
  boolean areSmall() {
    return mib(total()) <= bound();
  }

  static double mib(long bytes) {
    return (double) bytes / MIB;
  }
}
