package dev.kintsugi.examples.cluster.orders;

import java.time.Instant;
import java.util.List;

/**
 * What the read model {@code order_summary} knows of an order.
 *
 * @param events how many events it is made of
 */
record OrderSummary(
    String customer,
    Order.Status status,
    long cents,
    List<Line> lines,
    Instant placedAt,
    Instant changedAt,
    long events) {

  static OrderSummary of(OrderEvent.Placed event) {
    return new OrderSummary(
        event.customer(),
        Order.Status.PLACED,
        event.cents(),
        event.lines(),
        event.at(),
        event.at(),
        1);
  }

  OrderSummary with(Order.Status next, Instant at) {
    return new OrderSummary(customer, next, cents, lines, placedAt, at, events + 1);
  }
}
