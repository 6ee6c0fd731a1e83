package dev.kintsugi.runtime.internal.snapshot;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import dev.kintsugi.runtime.internal.jdbc.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.jdbc.config.SnapshotTableColumnNames;
import org.apache.pekko.persistence.jdbc.config.SnapshotTableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * The snapshot table, under the names that Pekko Persistence JDBC's section {@code
 * jdbc-snapshot-store} gives it. Every method works in the caller's transaction; threads may share
 * it.
 */
public final class SnapshotTable {

  /** The section of the configuration that names the table and its columns. */
  public static final String SECTION = "jdbc-snapshot-store";

  private final String name;
  private final String save;
  private final String latest;
  private final String delete;

  /**
   * Builds the statements.
   *
   * @param jdbcSnapshotStore the section {@code jdbc-snapshot-store}
   * @throws IllegalArgumentException if a name in it is none of PostgreSQL's
   */
  public SnapshotTable(Config jdbcSnapshotStore) {
    SnapshotTableConfiguration table = new SnapshotTableConfiguration(jdbcSnapshotStore);
    SnapshotTableColumnNames names = table.columnNames();
    name =
        Identifiers.qualified(table.schemaName().getOrElse(() -> ""), table.tableName(), SECTION);
    String persistenceId = quoted(names.persistenceId());
    String sequenceNumber = quoted(names.sequenceNumber());
    String created = quoted(names.created());
    List<String> replaced =
        List.of(
            created,
            quoted(names.snapshotSerId()),
            quoted(names.snapshotSerManifest()),
            quoted(names.snapshotPayload()),
            quoted(names.metaSerId()),
            quoted(names.metaSerManifest()),
            quoted(names.metaPayload()));
    String key = persistenceId + ", " + sequenceNumber;
    String columns = key + ", " + String.join(", ", replaced);
    String selected =
        " FROM %s WHERE %s = ? AND %s BETWEEN ? AND ? AND %s BETWEEN ? AND ?"
            .formatted(name, persistenceId, sequenceNumber, created);

    save =
        "INSERT INTO %s (%s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (%s) DO UPDATE SET %s"
            .formatted(
                name,
                columns,
                key,
                replaced.stream()
                    .map(column -> column + " = excluded." + column)
                    .collect(Collectors.joining(", ")));
    latest = "SELECT " + columns + selected + " ORDER BY " + sequenceNumber + " DESC LIMIT 1";
    delete = "DELETE" + selected;
  }

  private static String quoted(String identifier) {
    return Identifiers.quoted(identifier, SECTION);
  }

  /** The table, quoted. */
  public String name() {
    return name;
  }

  /** Saves a snapshot; one of the same stream and sequence number is replaced. */
  public void save(Connection connection, SnapshotRow row) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(save)) {
      statement.setString(1, row.persistenceId());
      statement.setLong(2, row.sequenceNumber());
      statement.setLong(3, row.created());
      bind(statement, 4, row.snapshot());
      bind(statement, 7, row.metadata());
      statement.executeUpdate();
    }
  }

  private static void bind(
      PreparedStatement statement, int first, @Nullable SerializedPayload serialized)
      throws SQLException {
    if (serialized == null) {
      statement.setNull(first, Types.INTEGER);
      statement.setNull(first + 1, Types.VARCHAR);
      statement.setNull(first + 2, Types.BINARY);
    } else {
      statement.setInt(first, serialized.serializerId());
      statement.setString(first + 1, serialized.manifest());
      statement.setBytes(first + 2, serialized.bytes());
    }
  }

  /** Of a stream's snapshots that match, the one of the highest sequence number. */
  public Optional<SnapshotRow> latest(
      Connection connection, String persistenceId, SnapshotSelectionCriteria criteria)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(latest)) {
      bind(statement, persistenceId, criteria);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(read(row)) : Optional.empty();
      }
    }
  }

  /** Deletes a stream's snapshots that match. */
  public void delete(
      Connection connection, String persistenceId, SnapshotSelectionCriteria criteria)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(delete)) {
      bind(statement, persistenceId, criteria);
      statement.executeUpdate();
    }
  }

  private static void bind(
      PreparedStatement statement, String persistenceId, SnapshotSelectionCriteria criteria)
      throws SQLException {
    statement.setString(1, persistenceId);
    statement.setLong(2, criteria.minSequenceNr());
    statement.setLong(3, criteria.maxSequenceNr());
    statement.setLong(4, criteria.minTimestamp());
    statement.setLong(5, criteria.maxTimestamp());
  }

  private static SnapshotRow read(ResultSet row) throws SQLException {
    return new SnapshotRow(
        row.getString(1),
        row.getLong(2),
        row.getLong(3),
        new SerializedPayload(row.getInt(4), row.getString(5), row.getBytes(6)),
        metadata(row));
  }

  private static @Nullable SerializedPayload metadata(ResultSet row) throws SQLException {
    byte[] bytes = row.getBytes(9);
    if (bytes == null) {
      return null;
    }
    String manifest = row.getString(8);
    return new SerializedPayload(row.getInt(7), manifest == null ? "" : manifest, bytes);
  }
}
