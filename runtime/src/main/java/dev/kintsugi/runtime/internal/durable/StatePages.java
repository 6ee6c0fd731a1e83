package dev.kintsugi.runtime.internal.durable;

import dev.kintsugi.runtime.internal.jdbc.Parameters;
import dev.kintsugi.runtime.internal.query.FinalPages.Page;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Reads the durable states in the order of their last changes, a page at a time, in the caller's
 * transaction. It first looks which states a query is about, by what is short, and then reads the
 * payloads of just these. One that is changed between the two has a later place by then, and is
 * left out here.
 */
public final class StatePages {

  private record Entry(long offset, String persistenceId) {}

  private final int size;
  private final String changed;
  private final String tagged;
  private final String at;

  /**
   * Builds the statements.
   *
   * @param size how many states a page looks at
   */
  public StatePages(DurableStateTable table, int size) {
    this.size = size;
    String offset = table.offsets().column();
    this.changed =
        "SELECT %1$s, %2$s FROM %3$s WHERE %1$s > ? AND %1$s <= ? ORDER BY %1$s LIMIT ?"
            .formatted(offset, table.persistenceId(), table.name());
    this.tagged =
        "SELECT %1$s, %2$s FROM %3$s WHERE %4$s = ? AND %1$s > ? AND %1$s <= ? ORDER BY %1$s LIMIT ?"
            .formatted(offset, table.persistenceId(), table.name(), table.tag());
    this.at =
        "SELECT %1$s, %2$s FROM %3$s WHERE %2$s = ANY (?) ORDER BY %2$s"
            .formatted(table.columns(), offset, table.name());
  }

  /** The states of a tag with after &lt; offset &lt;= upTo. */
  public Page<ChangedState> tagged(Connection connection, String tag, long after, long upTo)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(tagged)) {
      select.setString(1, tag);
      return page(connection, entries(select, 1, after, upTo), id -> true, upTo);
    }
  }

  /** The states that are wanted, with after &lt; offset &lt;= upTo. */
  public Page<ChangedState> wanted(
      Connection connection, Predicate<String> wanted, long after, long upTo) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(changed)) {
      return page(connection, entries(select, 0, after, upTo), wanted, upTo);
    }
  }

  private List<Entry> entries(PreparedStatement select, int bound, long after, long upTo)
      throws SQLException {
    select.setLong(bound + 1, after);
    select.setLong(bound + 2, upTo);
    select.setInt(bound + 3, size);
    List<Entry> entries = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        entries.add(new Entry(row.getLong(1), row.getString(2)));
      }
    }
    return entries;
  }

  private Page<ChangedState> page(
      Connection connection, List<Entry> entries, Predicate<String> wanted, long upTo)
      throws SQLException {
    List<Long> offsets =
        entries.stream()
            .filter(entry -> wanted.test(entry.persistenceId()))
            .map(Entry::offset)
            .toList();
    long position = entries.size() < size ? upTo : entries.get(entries.size() - 1).offset();
    return new Page<>(offsets.isEmpty() ? List.of() : at(connection, offsets), position);
  }

  private List<ChangedState> at(Connection connection, List<Long> offsets) throws SQLException {
    List<ChangedState> states = new ArrayList<>(offsets.size());
    try (PreparedStatement select = connection.prepareStatement(at)) {
      new Parameters(select).longs(offsets, offset -> offset);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          states.add(
              new ChangedState(
                  row.getLong(DurableStateTable.COLUMNS + 1), DurableStateTable.read(row)));
        }
      }
    }
    return states;
  }
}
