package dev.kintsugi.runtime.internal.finality;

import dev.kintsugi.runtime.internal.event.NumberedTable;
import dev.kintsugi.runtime.internal.event.OrderingSequence;
import dev.kintsugi.runtime.internal.locks.Transactions;
import dev.kintsugi.runtime.persistence.OrderingsWentBackException;
import dev.kintsugi.runtime.status.FenceHolder;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Up to which ordering a table is final: no row will ever appear there any more. Orderings are
 * handed out in order, but their transactions end in any; so a reader that goes on behind the
 * highest that it sees loses those that commit late. The journal's are its orderings; those of the
 * durable states are their global offsets.
 *
 * <p>The proof is by who holds a lock (DESIGN 4). Let H be the highest ordering to be seen. Every
 * ordering up to H was drawn before H was seen, and whoever draws one has locked the table before,
 * until he ends. So look <em>afterwards</em> who holds such a lock; once none of these does any
 * more, each ordering up to H is visible or was rolled back. This asks nothing of writers but that
 * they insert: the stock plugin, which draws an ordering before it has a transaction id, is waited
 * for, too. Nobody else is, neither a forgotten transaction nor one in another database. Nobody
 * waits for a rolled-back ordering, and an open writer delays what comes after it, and loses
 * nothing.
 *
 * <p>H is not what the sequence has handed out last. What was drawn by a transaction that never
 * committed the server may forget in a crash and hand out again, while this is remembered. H was
 * committed by somebody, and with it all that had been drawn before.
 *
 * <p>A row may leave its place: a durable state draws a new offset with each change, and may be
 * deleted, also while it is the highest. That makes no difference to the proof, which is about
 * numbers that were drawn.
 *
 * @param ordering the table is final up to here, itself included
 * @param unproven what is final once its writers have ended
 */
public record FinalOrdering(long ordering, Optional<FinalOrdering.Unproven> unproven) {

  /**
   * The next final ordering, once those have ended that wrote when it had been seen.
   *
   * @param writers their virtual transactions
   * @param since when they were looked for, by this node's clock
   */
  public record Unproven(long ordering, Set<String> writers, Instant since) {

    /**
     * Which of the writers that are open it waits for. One that was prepared may have got another
     * name since, by a restart of the server between two looks: so whoever has such a name counts,
     * lest the restart make final what is not. He wrote to this table, is still there, and so is to
     * be waited for sooner or later anyway.
     */
    private Set<String> awaited(Set<String> open) {
      return Transactions.stillOpen(writers, open);
    }

    /** Whom it waits for now, the oldest first. Works in the caller's transaction. */
    public List<FenceHolder> holders(Connection connection, NumberedTable table)
        throws SQLException {
      return Transactions.describe(connection, awaited(TableWriters.open(connection, table)));
    }
  }

  /** Nothing is known yet. */
  public static final FinalOrdering NONE = new FinalOrdering(0, Optional.empty());

  /**
   * Goes on: proves what it can, and takes note of the next if there are newer rows. An idle table
   * costs one short query; where something was written it costs two, of which the second looks at
   * all locks of the server. No transaction id is taken. Owns the connection's transactions; it
   * must be in none.
   *
   * @param asked the highest ordering that a query has read, or was told to begin behind
   * @param seen the highest that was seen in the table, though its row may be gone by now; 0 if
   *     none was
   * @throws OrderingsWentBackException if the database has not come as far as one of these
   */
  public FinalOrdering look(Connection connection, NumberedTable table, long asked, long seen)
      throws SQLException {
    if (equals(NONE)) {
      refuseUnorderedOrderings(connection, table);
    }
    long highest = table.highest(connection);
    long known = Math.max(Math.max(ordering, asked), seen);
    if (highest < known) {
      refuseOrderingsThatWentBack(connection, table, highest, known);
    }
    long next = Math.max(highest, seen);
    FinalOrdering found =
        unproven.isEmpty() && next <= ordering
            ? this
            : lookedFor(TableWriters.open(connection, table), next);
    connection.rollback();
    return found;
  }

  /**
   * One look serves both: for who is still there of those that are waited for, and for who is there
   * now that what comes next has been seen.
   */
  private FinalOrdering lookedFor(Set<String> open, long next) {
    if (unproven.isPresent() && !unproven.get().awaited(open).isEmpty()) {
      return this;
    }
    long proven = unproven.map(Unproven::ordering).orElse(ordering);
    if (next <= proven) {
      return new FinalOrdering(proven, Optional.empty());
    }
    return open.isEmpty()
        ? new FinalOrdering(next, Optional.empty())
        : new FinalOrdering(proven, Optional.of(new Unproven(next, open, Instant.now())));
  }

  /**
   * The highest row may be gone as somebody has deleted it; but what the sequence has handed out it
   * hands out no more, unless the database is a copy that lacks the latest.
   */
  private static void refuseOrderingsThatWentBack(
      Connection connection, NumberedTable table, long highest, long known) throws SQLException {
    OptionalLong last = OrderingSequence.lastValue(connection, table);
    if (last.isPresent() && last.getAsLong() < known) {
      connection.rollback();
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
