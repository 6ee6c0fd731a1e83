package dev.kintsugi.runtime.internal.event;

import dev.kintsugi.runtime.persistence.MissingEventsException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells, when numbers of a stream have no event, whether they never had one, or were deleted, or
 * are lost. Asked only when there is a gap: a stream without one costs nothing.
 */
final class SequenceGaps {

  private final String highestDeleted;
  private final String firstFrom;

  SequenceGaps(JournalTables names) {
    String ofStream =
        " FROM %s WHERE %s = ? AND %s "
            .formatted(names.table(), names.persistenceId(), names.sequenceNumber());
    highestDeleted =
        "SELECT GREATEST(max(%s), (SELECT up_to FROM kintsugi_deletion WHERE persistence_id = ?))"
                .formatted(names.sequenceNumber())
            + ofStream
            + "<= ? AND "
            + names.deleted();
    firstFrom = "SELECT min(" + names.sequenceNumber() + ")" + ofStream + ">= ?";
  }

  /**
   * Refuses a gap before which no event was found. What the application has deleted is excused: the
   * highest of it is still there, and marked; or it waits to be deleted.
   *
   * @param behind what was found behind it: an event, or such a mark
   * @throws MissingEventsException if events of it are missing
   */
  void refuseAtTheBeginning(
      Connection connection, String persistenceId, long first, long last, long behind)
      throws SQLException {
    long deleted;
    try (PreparedStatement select = connection.prepareStatement(highestDeleted)) {
      select.setString(1, persistenceId);
      select.setString(2, persistenceId);
      select.setLong(3, behind);
      deleted = number(select);
    }
    refuse(connection, persistenceId, Math.max(first, deleted + 1), last);
  }

  /**
   * Refuses a gap between two events.
   *
   * @throws MissingEventsException if events of it are missing
   */
  void refuse(Connection connection, String persistenceId, long first, long last)
      throws SQLException {
    List<String> missing = new ArrayList<>();
    long next = first;
    for (long rejected : RejectedNumbers.between(connection, persistenceId, first, last)) {
      add(missing, next, rejected - 1);
      next = rejected + 1;
    }
    add(missing, next, last);
    if (!missing.isEmpty()) {
      throw new MissingEventsException(persistenceId, missing);
    }
  }

  private static void add(List<String> missing, long first, long last) {
    if (first == last) {
      missing.add(String.valueOf(first));
    } else if (first < last) {
      missing.add(first + " to " + last);
    }
  }

  /**
   * Where the stream goes on, whatever is there, or the number asked for itself if nothing is: then
   * that is the end, and there is no gap.
   */
  long firstFrom(Connection connection, String persistenceId, long number) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(firstFrom)) {
      select.setString(1, persistenceId);
      select.setLong(2, number);
      return Math.max(number, number(select));
    }
  }

  /** The one number that a statement finds; 0 if it finds none. */
  private static long number(PreparedStatement select) throws SQLException {
    try (ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
