package dev.kintsugi.examples.cluster.audit;

import java.time.Instant;

/** A row of {@code customer_totals}. */
record CustomerRow(
    long placed,
    long paid,
    long cancelled,
    long centsOrdered,
    long centsPaid,
    Instant lastEventAt) {

  static final CustomerRow NONE = new CustomerRow(0, 0, 0, 0, 0, Instant.MIN);

  /** How many events it is made of. */
  long events() {
    return placed + paid + cancelled;
  }

  CustomerRow and(CustomerRow more) {
    return new CustomerRow(
        placed + more.placed,
        paid + more.paid,
        cancelled + more.cancelled,
        centsOrdered + more.centsOrdered,
        centsPaid + more.centsPaid,
        lastEventAt.isAfter(more.lastEventAt) ? lastEventAt : more.lastEventAt);
  }
}
