package dev.kintsugi.examples.cluster.audit;

import java.time.Instant;

/** A row of {@code order_summary}. */
record OrderRow(
    String customer, String status, long cents, Instant placedAt, Instant changedAt, long events) {

  static OrderRow placed(String customer, long cents, Instant at) {
    return new OrderRow(customer, "PLACED", cents, at, at, 1);
  }

  OrderRow then(String next, Instant at) {
    return new OrderRow(customer, next, cents, placedAt, at, events + 1);
  }
}
