package dev.kintsugi.runtime.internal.event;

import dev.kintsugi.runtime.internal.jdbc.Parameters;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The table {@code kintsugi_rejected}, which tells the gaps that Pekko's rules leave in a stream
 * from lost events: a classic actor whose event is rejected goes on with the next number. A number
 * is recorded with the event behind it, in its transaction; where no event comes behind it, the
 * actor's next incarnation uses it again, and there is no gap. Every method works in the caller's
 * transaction.
 */
public final class RejectedNumbers {

  private static final String INSERT =
      "INSERT INTO kintsugi_rejected (persistence_id, sequence_number)"
          + " SELECT * FROM unnest(?::text[], ?::bigint[]) ON CONFLICT DO NOTHING";

  private static final String BETWEEN =
      "SELECT sequence_number FROM kintsugi_rejected"
          + " WHERE persistence_id = ? AND sequence_number BETWEEN ? AND ? ORDER BY sequence_number";

  private static final String DELETE =
      "DELETE FROM kintsugi_rejected WHERE persistence_id = ? AND sequence_number <= ?";

  private RejectedNumbers() {}

  /** Records numbers; one that is on record stays so. */
  public static void insert(Connection connection, List<RejectedNumber> numbers)
      throws SQLException {
    if (numbers.isEmpty()) {
      return;
    }
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      new Parameters(insert)
          .texts(numbers, RejectedNumber::persistenceId)
          .longs(numbers, RejectedNumber::sequenceNumber);
      insert.executeUpdate();
    }
  }

  /** Those of a stream between two numbers, both included, in sequence. */
  static List<Long> between(Connection connection, String persistenceId, long first, long last)
      throws SQLException {
    List<Long> numbers = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(BETWEEN)) {
      select.setString(1, persistenceId);
      select.setLong(2, first);
      select.setLong(3, last);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          numbers.add(row.getLong(1));
        }
      }
    }
    return numbers;
  }

  /** Forgets those of a stream up to a number, whose events before and behind were deleted. */
  static void delete(Connection connection, String persistenceId, long upTo) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(DELETE)) {
      delete.setString(1, persistenceId);
      delete.setLong(2, upTo);
      delete.executeUpdate();
    }
  }
}
