package dev.kintsugi.runtime.query;

import dev.kintsugi.runtime.event.EventJournal;
import dev.kintsugi.runtime.event.OrderingSequence;
import dev.kintsugi.runtime.state.Fence;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Up to which ordering the journal is final: no event will ever appear there any more. Orderings
 * are handed out in order, but their transactions end in any; so a reader that goes on behind the
 * highest that it sees loses those that commit late.
 *
 * <p>The proof is a fence (DESIGN 4). Let H be the highest ordering to be seen. Every ordering up
 * to H was drawn before H was seen, and a writer takes its transaction id before it draws one; so
 * all those writers have ids below a fence that is taken afterwards. Once that has passed, they
 * have ended: each ordering up to H is visible or was rolled back. Nobody waits for a rolled-back
 * one, and an open transaction delays what comes after it, and loses nothing.
 *
 * @param ordering the journal is final up to here, itself included
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
   * Goes on: proves what its fence allows, and takes the next fence if there are newer events. An
   * idle journal costs one short query, and no transaction id. Owns the connection's transactions;
   * it must be in none.
   *
   * @param asked the highest ordering that a query has read, or was told to begin behind
   * @throws OrderingsWentBackException if the database has not come as far as one of these
   */
  FinalOrdering look(Connection connection, EventJournal journal, long asked) throws SQLException {
    if (equals(NONE)) {
      refuseUnorderedOrderings(connection, journal);
    }
    FinalOrdering now = prove(connection);
    return now.unproven.isPresent()
        ? now
        : now.takeNext(connection, journal, asked).prove(connection);
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
  private FinalOrdering takeNext(Connection connection, EventJournal journal, long asked)
      throws SQLException {
    String ordering = journal.column(EventJournal.Column.ORDERING);
    String sql =
        """
        SELECT h.highest, CASE WHEN h.highest > ? THEN pg_current_xact_id()::text END
        FROM (SELECT max(%s) AS highest FROM %s) h
        """
            .formatted(ordering, journal.table());
    long highest;
    Optional<Unproven> next;
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setLong(1, this.ordering);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        highest = row.getLong(1);
        String id = row.getString(2);
        next =
            id == null
                ? Optional.empty()
                : Optional.of(new Unproven(highest, new Fence(Long.parseLong(id)), Instant.now()));
      }
    }
    connection.commit();
    if (highest < Math.max(this.ordering, asked)) {
      refuseOrderingsThatWentBack(connection, journal, highest, Math.max(this.ordering, asked));
    }
    return new FinalOrdering(this.ordering, next);
  }

  /**
   * The highest event may be gone as somebody has deleted it; but what the sequence has handed out
   * it hands out no more, unless the database is a copy that lacks the latest.
   */
  private static void refuseOrderingsThatWentBack(
      Connection connection, EventJournal journal, long highest, long seen) throws SQLException {
    OptionalLong last =
        OrderingSequence.lastValue(
            connection, journal.table(), journal.column(EventJournal.Column.ORDERING));
    connection.rollback();
    if (last.isPresent() && last.getAsLong() < seen) {
      throw new OrderingsWentBackException(seen, last.getAsLong(), highest);
    }
  }

  /** A session that has orderings in stock may use a low one long after a higher one was seen. */
  private static void refuseUnorderedOrderings(Connection connection, EventJournal journal)
      throws SQLException {
    List<String> faults =
        OrderingSequence.faults(
            connection, journal.table(), journal.column(EventJournal.Column.ORDERING));
    connection.rollback();
    if (!faults.isEmpty()) {
      throw new IllegalStateException(String.join("; ", faults));
    }
  }
}
