package dev.kintsugi.runtime.internal.event;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A table each of whose rows gets the next number of a sequence when it is written, and which is
 * read in that order: the journal by its orderings, the durable states by their global offsets.
 *
 * @param table quoted
 * @param column where the numbers are, quoted
 * @param name what people call it: "the journal"
 * @param number what they call a number: "ordering"
 * @param row what they call a row: "event"
 */
public record NumberedTable(String table, String column, String name, String number, String row) {

  /** "the journal's orderings", for messages. */
  public String numbers() {
    return name + "'s " + number + "s";
  }

  /** "events", for messages. */
  public String rows() {
    return row + "s";
  }

  /** The highest number that this transaction sees; 0 if the table is empty. */
  public long highest(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement(
                "SELECT COALESCE(max(%s), 0) FROM %s".formatted(column, table));
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
