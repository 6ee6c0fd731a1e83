package dev.kintsugi.examples.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * A projection, as {@code GET /projections} lists it.
 *
 * @param node the address of the node that hosts it; empty if none does just now
 * @param phase of its newest rebuild; empty if it never had one
 * @param progress of that rebuild's replay, from 0 to 1
 * @param open skip records
 */
public record ProjectionView(
    String name,
    int generation,
    Optional<String> node,
    Optional<String> phase,
    double progress,
    long open) {

  private static final String DONE = "done";
  private static final String REPLAY = "replay";

  static ProjectionView of(JsonNode summary) {
    return new ProjectionView(
        summary.required("name").asText(),
        summary.required("generation").asInt(),
        text(summary.required("node")),
        text(summary.required("phase")),
        summary.required("progress").asDouble(),
        summary.required("open").asLong());
  }

  private static Optional<String> text(JsonNode node) {
    return node.isNull() ? Optional.empty() : Optional.of(node.asText());
  }

  /** Whether its newest rebuild is proven to be whole. */
  public boolean isDone() {
    return phase.isPresent() && phase.get().equals(DONE);
  }

  /** Whether nothing is missing in its read model: no rebuild, and no open record. */
  public boolean isWhole() {
    return isDone() && open == 0;
  }

  public boolean isReplaying() {
    return phase.isPresent() && phase.get().equals(REPLAY);
  }

  /** What its newest rebuild does, for people: the replay to ten percent. */
  public String doing() {
    if (isReplaying()) {
      return "%d0%% replayed".formatted((int) (progress * 10));
    }
    return isDone() ? "whole" : phase.orElse("new");
  }
}
