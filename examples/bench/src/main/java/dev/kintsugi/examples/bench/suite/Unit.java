package dev.kintsugi.examples.bench.suite;

/** What a figure counts, and which of two is the better one. */
enum Unit {
  EVENTS_A_SECOND("events/s", true),
  RECORDS_A_SECOND("records/s", true),
  MILLISECONDS("ms", false),
  MICROSECONDS("µs", false);

  private final String shortName;
  private final boolean moreIsBetter;

  Unit(String shortName, boolean moreIsBetter) {
    this.shortName = shortName;
    this.moreIsBetter = moreIsBetter;
  }

  boolean moreIsBetter() {
    return moreIsBetter;
  }

  @Override
  public String toString() {
    return shortName;
  }
}
