package dev.kintsugi.projections.internal.bulk;

import dev.kintsugi.projections.internal.text.StorableText;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * The types that a declared column can have, by PostgreSQL's names, and the Java values that each
 * takes. Values of all of them are sent as text, which the server casts.
 */
public enum ColumnType {
  TEXT,
  BOOLEAN,
  SMALLINT,
  INTEGER,
  BIGINT,
  NUMERIC,
  REAL,
  DOUBLE_PRECISION,
  DATE,
  TIMESTAMP,
  TIMESTAMPTZ,
  UUID,
  JSONB;

  /**
   * The type of this name, in lower case as PostgreSQL has it.
   *
   * @throws IllegalArgumentException if there is none, with those that there are
   */
  public static ColumnType named(String name) {
    return Arrays.stream(values())
        .filter(type -> type.sql().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is no type for a column; there are %s"
                        .formatted(
                            name,
                            Arrays.stream(values())
                                .map(ColumnType::sql)
                                .collect(Collectors.joining(", ")))));
  }

  /** PostgreSQL's name. */
  public String sql() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Whether values can be added up, with the same sum in every order. */
  public boolean isExactNumber() {
    return switch (this) {
      case SMALLINT, INTEGER, BIGINT, NUMERIC -> true;
      default -> false;
    };
  }

  /** Whether Java orders values as PostgreSQL does. (Texts it does not: they have collations.) */
  public boolean hasSameOrder() {
    return switch (this) {
      case SMALLINT, INTEGER, BIGINT, NUMERIC, DATE, TIMESTAMP, TIMESTAMPTZ -> true;
      default -> false;
    };
  }

  /** Whether values that are equal to PostgreSQL have one text only, as a key's must. */
  public boolean canBeKey() {
    return switch (this) {
      case NUMERIC, REAL, DOUBLE_PRECISION, JSONB -> false;
      default -> true;
    };
  }

  /**
   * The one Java value for what PostgreSQL will store; values of a type can be compared with each
   * other. Times are cut to microseconds, which is what PostgreSQL has, and a real is rounded to
   * one.
   *
   * <p>Whatever PostgreSQL would refuse as a value of the type is refused here: another event may
   * set the column before anything is written, and the database would then never see it.
   *
   * @throws IllegalArgumentException if the type takes no such value
   */
  public Comparable<?> canonical(Object value) {
    return switch (this) {
      case TEXT -> text(value);
      case BOOLEAN -> require(Boolean.class, value);
      case SMALLINT, INTEGER, BIGINT -> inRange(integer(value));
      case NUMERIC -> StorableNumber.checked(decimal(value));
      case REAL ->
          value instanceof Float number
              ? number
              : StorableNumber.real(require(Double.class, value));
      case DOUBLE_PRECISION ->
          value instanceof Float number
              ? Double.valueOf(number.toString())
              : require(Double.class, value);
      case DATE -> StorableTime.checked(require(LocalDate.class, value));
      case TIMESTAMP -> StorableTime.checked(require(LocalDateTime.class, value));
      case TIMESTAMPTZ -> StorableTime.checked(instant(value));
      case UUID -> require(UUID.class, value);
      case JSONB -> StorableJson.checked(require(String.class, value));
    };
  }

  /** Whether values of the type differ in size. */
  public boolean isOfAnySize() {
    return switch (this) {
      case TEXT, NUMERIC, JSONB -> true;
      default -> false;
    };
  }

  /**
   * How many bytes a {@link #canonical} value takes in an index if it does not compress; 0 if the
   * type's values are all of one size. Of a number, and of JSON, it may be less.
   */
  public long bytes(Object canonical) {
    return switch (this) {
      case TEXT -> StorableText.bytes((String) canonical);
      case NUMERIC -> StorableNumber.bytes((BigDecimal) canonical);
      case JSONB -> StorableJson.bytes((String) canonical);
      default -> 0;
    };
  }

  /** The text of a {@link #canonical} value of any type, as it is sent. */
  public static String sent(Object canonical) {
    if (canonical instanceof Instant time) {
      return StorableTime.text(time);
    }
    if (canonical instanceof LocalDateTime time) {
      return StorableTime.text(time);
    }
    return canonical instanceof LocalDate date ? StorableTime.text(date) : canonical.toString();
  }

  /** Whether a sum of values is a value of the type: it may be too large. */
  public boolean holds(Number sum) {
    if (this == NUMERIC) {
      return !(sum instanceof BigDecimal decimal) || StorableNumber.isStorable(decimal);
    }
    return sum instanceof Long whole && smallest() <= whole && whole <= largest();
  }

  private Long inRange(Long value) {
    if (!holds(value)) {
      throw new IllegalArgumentException(
          "%d is out of the range of type %s".formatted(value, sql()));
    }
    return value;
  }

  private long smallest() {
    return switch (this) {
      case SMALLINT -> Short.MIN_VALUE;
      case INTEGER -> Integer.MIN_VALUE;
      default -> Long.MIN_VALUE;
    };
  }

  private long largest() {
    return switch (this) {
      case SMALLINT -> Short.MAX_VALUE;
      case INTEGER -> Integer.MAX_VALUE;
      default -> Long.MAX_VALUE;
    };
  }

  private String text(Object value) {
    if (!(value instanceof CharSequence || value instanceof Enum)) {
      throw refusal(value);
    }
    return StorableText.checked(value.toString(), "the text");
  }

  private Long integer(Object value) {
    if (value instanceof Long
        || value instanceof Integer
        || value instanceof Short
        || value instanceof Byte) {
      return ((Number) value).longValue();
    }
    throw refusal(value);
  }

  private BigDecimal decimal(Object value) {
    if (value instanceof BigDecimal decimal) {
      return decimal;
    }
    return value instanceof BigInteger integer
        ? new BigDecimal(integer)
        : BigDecimal.valueOf(integer(value));
  }

  private Instant instant(Object value) {
    if (value instanceof OffsetDateTime time) {
      return time.toInstant();
    }
    return value instanceof ZonedDateTime time ? time.toInstant() : require(Instant.class, value);
  }

  private <T> T require(Class<T> type, Object value) {
    if (type.isInstance(value)) {
      return type.cast(value);
    }
    throw refusal(value);
  }

  private IllegalArgumentException refusal(Object value) {
    return new IllegalArgumentException(
        "a column of type %s takes no %s".formatted(sql(), value.getClass().getName()));
  }
}
