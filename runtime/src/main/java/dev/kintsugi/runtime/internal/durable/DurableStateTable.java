package dev.kintsugi.runtime.internal.durable;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.event.SerializedPayload;
import dev.kintsugi.runtime.internal.jdbc.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.apache.pekko.persistence.jdbc.config.DurableStateTableColumnNames;
import org.apache.pekko.persistence.jdbc.config.DurableStateTableConfiguration;

/**
 * The durable state table, under the names that Pekko Persistence JDBC's section {@code
 * jdbc-durable-state-store} gives it. Every method works in the caller's transaction; threads may
 * share it.
 *
 * <p>A deletion removes the row, as the table has no place for a revision without a state. So a
 * state that is not there agrees with every revision: its actor, which counts on, may have deleted
 * it.
 */
public final class DurableStateTable {

  /** The section of the configuration that names the table and its columns. */
  public static final String SECTION = "jdbc-durable-state-store";

  /** How many columns {@link #columns} are. */
  static final int COLUMNS = 7;

  private final String name;
  private final NumberedTable offsets;
  private final String persistenceId;
  private final String tag;
  private final String columns;
  private final String find;
  private final String findRevision;
  private final String upsert;
  private final String delete;
  private final String deleteRevision;

  /**
   * Builds the statements.
   *
   * @param jdbcDurableStateStore the section {@code jdbc-durable-state-store}
   * @throws IllegalArgumentException if a name in it is none of PostgreSQL's
   */
  public DurableStateTable(Config jdbcDurableStateStore) {
    DurableStateTableConfiguration table =
        new DurableStateTableConfiguration(jdbcDurableStateStore);
    DurableStateTableColumnNames names = table.columnNames();
    name =
        Identifiers.qualified(table.schemaName().getOrElse(() -> ""), table.tableName(), SECTION);
    offsets =
        new NumberedTable(
            name,
            quoted(names.globalOffset()),
            "the durable state table",
            "global offset",
            "state");
    persistenceId = quoted(names.persistenceId());
    tag = quoted(names.tag());
    String revision = quoted(names.revision());
    List<String> written =
        List.of(
            revision,
            quoted(names.stateSerId()),
            quoted(names.stateSerManifest()),
            quoted(names.statePayload()),
            tag,
            quoted(names.stateTimestamp()));
    columns = persistenceId + ", " + String.join(", ", written);
    String ofState = " FROM " + name + " WHERE " + persistenceId + " = ?";

    find = "SELECT " + columns + ofState;
    findRevision = "SELECT " + revision + ofState;
    // The offset is the column's default, a new one each time, also where the row is updated.
    upsert =
        """
        INSERT INTO %1$s AS stored (%2$s) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (%3$s) DO UPDATE SET %4$s, %5$s = excluded.%5$s
        WHERE stored.%6$s = excluded.%6$s - 1
        RETURNING %6$s
        """
            .formatted(
                name,
                columns,
                persistenceId,
                written.stream()
                    .map(column -> column + " = excluded." + column)
                    .collect(Collectors.joining(", ")),
                offsets.column(),
                revision);
    delete = "DELETE" + ofState;
    deleteRevision = delete + " AND " + revision + " = ?";
  }

  private static String quoted(String identifier) {
    return Identifiers.quoted(identifier, SECTION);
  }

  /** The table, quoted. */
  public String name() {
    return name;
  }

  /**
   * The states in the order of their last changes. What a change draws is written with it or not at
   * all: so who writes tells up to where this order is final, wherever the states are by then.
   */
  public NumberedTable offsets() {
    return offsets;
  }

  /** The column of persistence ids, quoted. */
  String persistenceId() {
    return persistenceId;
  }

  /** The column of tags, quoted. */
  String tag() {
    return tag;
  }

  /** The columns of which {@link #read} makes a row, in its order. */
  String columns() {
    return columns;
  }

  /** A state, if it is there. */
  public Optional<StateRow> find(Connection connection, String persistenceId) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(find)) {
      statement.setString(1, persistenceId);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(read(row)) : Optional.empty();
      }
    }
  }

  /** Makes a row of {@link #columns}, which have to be the first ones. */
  static StateRow read(ResultSet row) throws SQLException {
    String manifest = row.getString(4);
    return new StateRow(
        row.getString(1),
        row.getLong(2),
        new SerializedPayload(row.getInt(3), manifest == null ? "" : manifest, row.getBytes(5)),
        row.getString(6),
        row.getLong(7));
  }

  /**
   * Writes a state's next revision, with a new global offset, in one round trip.
   *
   * @return empty if it is written; else the revision that is stored, which is not the one before
   *     this, and nothing is written
   */
  public OptionalLong upsert(Connection connection, StateRow row) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(upsert)) {
      statement.setString(1, row.persistenceId());
      statement.setLong(2, row.revision());
      statement.setInt(3, row.state().serializerId());
      String manifest = row.state().manifest();
      statement.setString(4, manifest.isEmpty() ? null : manifest);
      statement.setBytes(5, row.state().bytes());
      statement.setString(6, row.tag());
      statement.setLong(7, row.timestamp());
      try (ResultSet written = statement.executeQuery()) {
        if (written.next()) {
          return OptionalLong.empty();
        }
      }
    }
    return storedRevision(connection, row.persistenceId());
  }

  /**
   * Deletes a state as its next revision. One that is not there is deleted already. No offset is
   * drawn, and so no id is taken first.
   *
   * @param revision the one after the stored one
   * @return empty if the state is gone; else the revision that is stored, which is not the one
   *     before this, and nothing is deleted
   */
  public OptionalLong delete(Connection connection, String persistenceId, long revision)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(deleteRevision)) {
      statement.setString(1, persistenceId);
      statement.setLong(2, revision - 1);
      return statement.executeUpdate() == 1
          ? OptionalLong.empty()
          : storedRevision(connection, persistenceId);
    }
  }

  /** Deletes a state, whatever its revision. */
  public void delete(Connection connection, String persistenceId) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(delete)) {
      statement.setString(1, persistenceId);
      statement.executeUpdate();
    }
  }

  private OptionalLong storedRevision(Connection connection, String persistenceId)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(findRevision)) {
      statement.setString(1, persistenceId);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
      }
    }
  }
}
