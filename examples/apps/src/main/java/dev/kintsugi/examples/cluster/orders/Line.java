package dev.kintsugi.examples.cluster.orders;

import java.util.List;

/**
 * A line of an order.
 *
 * @param cents what one of them costs
 */
public record Line(String item, int quantity, long cents) {

  private static final int LARGEST_QUANTITY = 10_000;
  private static final long HIGHEST_PRICE = 1_000_000_000;

  public Line {
    if (item == null || item.isBlank()) {
      throw new IllegalArgumentException("a line needs an item");
    }
    if (quantity < 1 || quantity > LARGEST_QUANTITY) {
      throw new IllegalArgumentException(
          "a line's quantity is from 1 to %d, not %d".formatted(LARGEST_QUANTITY, quantity));
    }
    if (cents < 0 || cents > HIGHEST_PRICE) {
      throw new IllegalArgumentException(
          "a line's cents are from 0 to %d, not %d".formatted(HIGHEST_PRICE, cents));
    }
  }

  /** What all lines come to, in cents. */
  static long total(List<Line> lines) {
    return lines.stream().mapToLong(line -> line.quantity() * line.cents()).sum();
  }
}
