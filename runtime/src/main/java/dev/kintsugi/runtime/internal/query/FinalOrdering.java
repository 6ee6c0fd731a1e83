package dev.kintsugi.runtime.internal.query;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.event.OrderingSequence;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.persistence.OrderingsWentBackException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Up to which ordering a table is final: no row will ever appear there any more. Orderings are
 * handed out in order, but their transactions end in any; so a reader that goes on behind the
 * highest that it sees loses those that commit late. The journal's are its orderings; those of the
 * durable states are their global offsets.
 *
 * <p>The proof is a fence (DESIGN 4). Let H be the highest ordering to be seen. Every ordering up
 * to H was drawn before H was seen, and a writer takes its transaction id before it draws one; so
 * all those writers have ids below a fence that is taken afterwards. Once that has passed, they
 * have ended: each ordering up to H is visible or was rolled back. Nobody waits for a rolled-back
 * one, and an open transaction delays what comes after it, and loses nothing.
 *
 * <p>A row may leave its place: a durable state draws a new offset with each change, and may be
 * deleted, also while it is the highest. That makes no difference to the proof, which is about
 * numbers that were drawn.
 *
 * @param ordering the table is final up to here, itself included
 * @param unproven what is final once its fence has passed
 */
record FinalOrdering(long ordering, Optional<FinalOrdering.Unproven> unproven) {

  /**
   * The next final ordering, once its fence has passed.
   *
   * @param since when the fence was taken, by this node's clock
   */
  record Unproven(long ordering, Fence fence, Instant since) {}

  /** Nothing is known yet. */
  static final FinalOrdering NONE = new FinalOrdering(0, Optional.empty());

  /**
   * Goes on: proves what its fence allows, and takes the next fence if there are newer rows. An
   * idle table costs one short query, and no transaction id. Owns the connection's transactions; it
   * must be in none.
   *
   * @param asked the highest ordering that a query has read, or was told to begin behind
   * @param seen the highest that was seen in the table, though its row may be gone by now; 0 if
   *     none was
   * @throws OrderingsWentBackException if the database has not come as far as one of these
   */
  FinalOrdering look(Connection connection, NumberedTable table, long asked, long seen)
      throws SQLException {
    if (equals(NONE)) {
      refuseUnorderedOrderings(connection, table);
    }
    FinalOrdering now = prove(connection);
    return now.unproven.isPresent()
        ? now
        : now.takeNext(connection, table, asked, seen).prove(connection);
  }

  private FinalOrdering prove(Connection connection) throws SQLException {
    if (unproven.isEmpty()) {
      return this;
    }
    Fence.Look found = unproven.get().fence().look(connection);
    connection.rollback();
    return switch (found) {
      case PASSED -> new FinalOrdering(unproven.get().ordering(), Optional.empty());
      case AWAITED -> this;
      case OF_ANOTHER_CLUSTER -> new FinalOrdering(ordering, Optional.empty());
    };
  }

  /**
   * In one statement: its snapshot is older than the id that it takes, so whatever it sees was
   * drawn before the fence.
   */
  private FinalOrdering takeNext(Connection connection, NumberedTable table, long asked, long seen)
      throws SQLException {
    String sql =
        """
        SELECT h.highest, CASE WHEN GREATEST(h.highest, ?) > ? THEN pg_current_xact_id()::text END
        FROM (SELECT max(%s) AS highest FROM %s) h
        """
            .formatted(table.column(), table.table());
    long highest;
    Optional<Fence> fence;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, seen);
      select.setLong(2, ordering);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        highest = row.getLong(1);
        fence = Optional.ofNullable(row.getString(2)).map(Long::parseLong).map(Fence::new);
      }
    }
    connection.commit();
    long known = Math.max(Math.max(ordering, asked), seen);
    if (highest < known) {
      refuseOrderingsThatWentBack(connection, table, highest, known);
    }
    long next = Math.max(highest, seen);
    return new FinalOrdering(
        ordering, fence.map(taken -> new Unproven(next, taken, Instant.now())));
  }

  /**
   * The highest row may be gone as somebody has deleted it; but what the sequence has handed out it
   * hands out no more, unless the database is a copy that lacks the latest.
   */
  private static void refuseOrderingsThatWentBack(
      Connection connection, NumberedTable table, long highest, long known) throws SQLException {
    OptionalLong last = OrderingSequence.lastValue(connection, table);
    connection.rollback();
    if (last.isPresent() && last.getAsLong() < known) {
      throw wentBack(table, known, last.getAsLong(), highest);
    }
  }

  /** A session that has orderings in stock may use a low one long after a higher one was seen. */
  private static void refuseUnorderedOrderings(Connection connection, NumberedTable table)
      throws SQLException {
    List<String> faults = OrderingSequence.faults(connection, table);
    connection.rollback();
    if (!faults.isEmpty()) {
      throw new IllegalStateException(String.join("; ", faults));
    }
  }

  private static OrderingsWentBackException wentBack(
      NumberedTable table, long seen, long lastValue, long highest) {
    return new OrderingsWentBackException(
        "A query has read up to %4$s %1$d, or was told to begin behind it, but %5$s has handed out none above %2$d, and its highest %6$s has %3$d: the database is a copy that lacks what came after it (a fail-over, a restore), or another one. Numbers up to %1$d will be given to other %6$ss, which a query that goes on from %1$d would pass over. Begin queries anew from %4$s %3$d or below, and mend what was made from %6$ss that are gone."
            .formatted(seen, lastValue, highest, table.number(), table.name(), table.row()));
  }
}
