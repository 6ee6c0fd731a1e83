package dev.kintsugi.runtime.internal.state;

import dev.kintsugi.runtime.status.Operation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The rows of {@code kintsugi_operation}: the history of what people did. Written in the
 * transaction that does it, which is the caller's.
 */
public final class OperationLog {

  private static final String NOTE =
      """
      INSERT INTO kintsugi_operation (projection, operation, requested_by, reason, about)
      VALUES (?, ?, ?, ?, ?) RETURNING id
      """;

  private static final String ADD_RECORDS =
      "UPDATE kintsugi_operation SET records = records + ? WHERE id = ?";

  private static final String COLUMNS =
      "SELECT id, projection, operation, requested_by, reason, about, records, at"
          + " FROM kintsugi_operation ";

  private static final String HISTORY = COLUMNS + "WHERE projection = ? ORDER BY id DESC LIMIT ?";

  private static final String LAST =
      COLUMNS + "WHERE projection = ? AND operation = ? ORDER BY id DESC LIMIT 1";

  private OperationLog() {}

  /**
   * Notes an operation.
   *
   * @return its id
   */
  public static long note(
      Connection connection,
      String projection,
      Operation.Kind kind,
      String requestedBy,
      String reason,
      String about)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(NOTE)) {
      insert.setString(1, projection);
      insert.setString(2, kind.inTable());
      insert.setString(3, requestedBy);
      insert.setString(4, reason);
      insert.setString(5, about);
      try (ResultSet row = insert.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /** Adds to the number of records that an operation has changed. */
  public static void addRecords(Connection connection, long operation, int records)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(ADD_RECORDS)) {
      update.setInt(1, records);
      update.setLong(2, operation);
      update.executeUpdate();
    }
  }

  /** The operations on a projection, the newest first. */
  public static List<Operation> history(Connection connection, String projection, int limit)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(HISTORY)) {
      select.setString(1, projection);
      select.setInt(2, limit);
      return read(select);
    }
  }

  /** The newest operation of a kind on a projection. */
  public static Optional<Operation> last(
      Connection connection, String projection, Operation.Kind kind) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LAST)) {
      select.setString(1, projection);
      select.setString(2, kind.inTable());
      return read(select).stream().findFirst();
    }
  }

  private static List<Operation> read(PreparedStatement select) throws SQLException {
    List<Operation> operations = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        operations.add(
            new Operation(
                row.getLong(1),
                row.getString(2),
                Operation.Kind.ofTable(row.getString(3)),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                row.getLong(7),
                row.getTimestamp(8).toInstant()));
      }
    }
    return operations;
  }
}
