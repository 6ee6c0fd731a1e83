package dev.kintsugi.runtime.query;

import dev.kintsugi.runtime.event.NumberedTable;

/**
 * The journal, or the durable state table, has not come as far as a query has read, or was told to
 * begin behind: the database is a copy that lacks the latest events, after a fail-over or a
 * restore, or it is another one.
 */
public final class OrderingsWentBackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OrderingsWentBackException(NumberedTable table, long seen, long lastValue, long highest) {
    super(
        "A query has read up to %4$s %1$d, or was told to begin behind it, but %5$s has handed out none above %2$d, and its highest %6$s has %3$d: the database is a copy that lacks what came after it (a fail-over, a restore), or another one. Numbers up to %1$d will be given to other %6$ss, which a query that goes on from %1$d would pass over. Begin queries anew from %4$s %3$d or below, and mend what was made from %6$ss that are gone."
            .formatted(seen, lastValue, highest, table.number(), table.name(), table.row()));
  }
}
