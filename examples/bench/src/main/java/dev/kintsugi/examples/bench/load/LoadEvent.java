package dev.kintsugi.examples.bench.load;

/** A small event. What is in it is all that is stored, as text. */
public record LoadEvent(String text) {

  private static final int SIZE = 100;

  /** An event of about 100 bytes that begins with what tells it from the others. */
  public static LoadEvent beginningWith(String start) {
    return new LoadEvent(start + ".".repeat(Math.max(0, SIZE - start.length())));
  }
}
