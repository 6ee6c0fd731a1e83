package dev.kintsugi.projections.internal.bulk;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * Dates and times that PostgreSQL has, as it writes them: it knows no year 0 and no sign, but BC.
 */
final class StorableTime {

  private static final LocalDate FIRST_DAY = LocalDate.of(-4713, 11, 24);
  private static final LocalDate LAST_DATE = LocalDate.of(5_874_897, 12, 31);
  private static final LocalDateTime FIRST_TIME = FIRST_DAY.atStartOfDay();
  private static final LocalDateTime AFTER_LAST_TIME = LocalDate.of(294_277, 1, 1).atStartOfDay();
  private static final Instant FIRST_INSTANT = FIRST_TIME.toInstant(ZoneOffset.UTC);
  private static final Instant AFTER_LAST_INSTANT = AFTER_LAST_TIME.toInstant(ZoneOffset.UTC);
  private static final int LONGEST_PLAIN_YEAR = 9999;

  private StorableTime() {}

  static LocalDate checked(LocalDate date) {
    if (date.isBefore(FIRST_DAY) || date.isAfter(LAST_DATE)) {
      throw refusal(date, "date");
    }
    return date;
  }

  /** Cut to microseconds. */
  static LocalDateTime checked(LocalDateTime time) {
    if (time.isBefore(FIRST_TIME) || !time.isBefore(AFTER_LAST_TIME)) {
      throw refusal(time, "timestamp");
    }
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  /** Cut to microseconds. */
  static Instant checked(Instant time) {
    if (time.isBefore(FIRST_INSTANT) || !time.isBefore(AFTER_LAST_INSTANT)) {
      throw refusal(time, "timestamptz");
    }
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  private static IllegalArgumentException refusal(Object time, String type) {
    return new IllegalArgumentException(
        "%s is out of the range of PostgreSQL's type %s, which begins in 4714 BC and ends in %d"
            .formatted(time, type, type.equals("date") ? 5_874_897 : 294_276));
  }

  static String text(LocalDate date) {
    return isPlain(date.getYear()) ? date.toString() : day(date) + era(date);
  }

  static String text(LocalDateTime time) {
    return isPlain(time.getYear())
        ? time.toString()
        : day(time.toLocalDate()) + " " + time.toLocalTime() + era(time.toLocalDate());
  }

  static String text(Instant time) {
    LocalDateTime utc = LocalDateTime.ofInstant(time, ZoneOffset.UTC);
    return isPlain(utc.getYear())
        ? time.toString()
        : day(utc.toLocalDate()) + " " + utc.toLocalTime() + "+00" + era(utc.toLocalDate());
  }

  private static boolean isPlain(int year) {
    return year > 0 && year <= LONGEST_PLAIN_YEAR;
  }

  private static String day(LocalDate date) {
    int year = date.getYear() > 0 ? date.getYear() : 1 - date.getYear();
    return "%04d-%02d-%02d".formatted(year, date.getMonthValue(), date.getDayOfMonth());
  }

  private static String era(LocalDate date) {
    return date.getYear() > 0 ? "" : " BC";
  }
}
