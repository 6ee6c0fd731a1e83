package dev.kintsugi.examples.cluster.node;

import dev.kintsugi.examples.cluster.orders.Line;
import java.util.List;

/** The body of a POST to /orders, which refuses what makes no order. */
record NewOrder(String customer, List<Line> lines) {

  private static final int LONGEST_CUSTOMER = 100;
  private static final int MOST_LINES = 100;

  NewOrder {
    if (customer == null || customer.isBlank() || customer.length() > LONGEST_CUSTOMER) {
      throw new IllegalArgumentException(
          "customer must have 1 to %d characters".formatted(LONGEST_CUSTOMER));
    }
    if (lines == null || lines.isEmpty() || lines.size() > MOST_LINES) {
      throw new IllegalArgumentException("an order has 1 to %d lines".formatted(MOST_LINES));
    }
    lines = List.copyOf(lines);
  }
}
