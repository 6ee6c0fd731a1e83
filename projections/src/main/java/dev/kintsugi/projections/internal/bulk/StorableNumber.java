package dev.kintsugi.projections.internal.bulk;

import java.math.BigDecimal;

/** Numbers that PostgreSQL's types hold. */
final class StorableNumber {

  private static final long MOST_DIGITS_BEFORE_THE_POINT = 131_072;
  private static final long MOST_DIGITS_BEHIND_THE_POINT = 16_383;

  /** A sum of so many numbers as a bigint counts has so many digits more. */
  private static final int DIGITS_OF_A_COUNT = 19;

  private static final int BYTES_OF_A_HEADER = 8;

  private StorableNumber() {}

  /** A number that the type numeric holds. */
  static BigDecimal checked(BigDecimal number) {
    if (number.signum() == 0 && number.scale() < 0) {
      return BigDecimal.ZERO;
    }
    if (!isStorable(number)) {
      throw new IllegalArgumentException(
          "a number of %d digits and scale %d is out of the range of PostgreSQL's type numeric: %d digits before the point and %d behind it"
              .formatted(
                  number.precision(),
                  number.scale(),
                  MOST_DIGITS_BEFORE_THE_POINT,
                  MOST_DIGITS_BEHIND_THE_POINT));
    }
    return number;
  }

  static boolean isStorable(BigDecimal number) {
    return number.scale() <= MOST_DIGITS_BEHIND_THE_POINT
        && (long) number.precision() - number.scale() <= MOST_DIGITS_BEFORE_THE_POINT;
  }

  /**
   * How many bytes a number of the type numeric takes at most, which has four digits in two bytes.
   * So does a sum of any number of them, as long as each is given so many.
   */
  static long bytes(BigDecimal number) {
    long before = (long) number.precision() - number.scale() + DIGITS_OF_A_COUNT;
    return BYTES_OF_A_HEADER + Math.max(before, number.scale());
  }

  /** The nearest number of the type real; a number that is too large or too small has none. */
  static Float real(double number) {
    float real = (float) number;
    boolean overflows = Float.isInfinite(real) && !Double.isInfinite(number);
    boolean underflows = real == 0 && number != 0;
    if (overflows || underflows) {
      throw new IllegalArgumentException(number + " is out of the range of PostgreSQL's type real");
    }
    return real;
  }
}
