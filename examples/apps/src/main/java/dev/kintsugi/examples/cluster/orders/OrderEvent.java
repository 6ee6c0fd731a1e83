package dev.kintsugi.examples.cluster.orders;

import java.time.Instant;
import java.util.List;

/**
 * What happened to an order. Each event names the customer, and what the order comes to: a read
 * model that sums up customers, over many streams, then needs no other event to understand this
 * one.
 */
public sealed interface OrderEvent {

  String customer();

  /** What the order comes to. */
  long cents();

  /** In milliseconds, which a database's timestamp holds. */
  Instant at();

  /** The order was placed. */
  record Placed(String customer, List<Line> lines, long cents, Instant at) implements OrderEvent {}

  /** The order was paid, which ends it. */
  record Paid(String customer, long cents, Instant at) implements OrderEvent {}

  /** The order was cancelled before it was paid, which ends it. */
  record Cancelled(String customer, long cents, Instant at) implements OrderEvent {}
}
