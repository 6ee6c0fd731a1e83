package dev.kintsugi.runtime.query;

/**
 * The journal has not come as far as a query has read, or was told to begin behind: the database is
 * a copy that lacks the latest events, after a fail-over or a restore, or it is another one.
 */
public final class OrderingsWentBackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OrderingsWentBackException(long seen, long lastValue, long highest) {
    super(
        "A query has read up to ordering %1$d, or was told to begin behind it, but the journal has handed out none above %2$d, and its highest event has %3$d: the database is a copy that lacks what came after it (a fail-over, a restore), or another one. Orderings up to %1$d will be given to other events, which a query that goes on from %1$d would pass over. Begin queries anew from ordering %3$d or below, and mend what was made from events that are gone."
            .formatted(seen, lastValue, highest));
  }
}
