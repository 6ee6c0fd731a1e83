package dev.kintsugi.examples.cluster.load;

/** Something that a node said is stored. */
public record Acknowledged(String order, Kind kind) {

  /** What was done to the order. */
  public enum Kind {
    PLACED,
    PAID,
    CANCELLED
  }
}
