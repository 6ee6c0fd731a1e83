package dev.kintsugi.examples.bench.cluster.chaos;

import dev.kintsugi.examples.bench.failures.Ledger;
import dev.kintsugi.examples.history.readmodel.HistoryProjections;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** The tables of a run that went wrong, to be looked at when its database is gone. */
final class Evidence {

  private static final List<String> TABLES =
      Stream.concat(
              Stream.of(
                  "kintsugi_projection",
                  "kintsugi_rebuild",
                  "kintsugi_skip",
                  "kintsugi_skip_archive",
                  "kintsugi_operation",
                  "kintsugi_verification",
                  "event_journal",
                  Ledger.NAME),
              HistoryProjections.NAMES.stream())
          .toList();

  private Evidence() {}

  /** Writes each of them as CSV. */
  static void keep(Connection connection, Path directory) throws SQLException, IOException {
    CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
    for (String table : TABLES) {
      try (OutputStream out = Files.newOutputStream(directory.resolve(table + ".csv"))) {
        copy.copyOut("COPY (SELECT * FROM " + table + ") TO STDOUT (FORMAT csv, HEADER)", out);
      }
    }
  }
}
