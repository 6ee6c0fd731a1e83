package dev.kintsugi.examples.bench.kill;

/**
 * What is in the database after a kill, beside what was acknowledged.
 *
 * @param acknowledged events that their actors were told are stored
 * @param stored events in the journal
 * @param lost acknowledged events that are not there, or not with their text
 * @param doubled events that are there once more than they should be
 * @param missing sequence numbers that streams lack below their highest
 * @param projection streams whose read model is not what the journal is
 * @param open skip records; there is no reason for any
 */
public record Findings(
    long acknowledged,
    long stored,
    long lost,
    long doubled,
    long missing,
    long projection,
    long open) {

  boolean areClean() {
    return lost == 0 && doubled == 0 && missing == 0 && projection == 0 && open == 0;
  }

  /** In a few words. */
  String summary() {
    return "%,d acknowledged, %s"
        .formatted(acknowledged, areClean() ? "all there" : "NOT all there");
  }
}
