package dev.kintsugi.examples.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;

/**
 * A verification, as {@code GET /projections/{name}/verifications/{id}} has it.
 *
 * @param events how many it has applied to hold the read model against
 * @param discarded events that it left out, as they were given up by name
 * @param detail why it has no result, if it ended without one
 * @param tables what differs in each of the read model's tables, as JSON
 */
public record VerificationView(
    String state, long events, long discarded, String detail, String tables) {

  private static final Set<String> OPEN = Set.of("waiting", "running");

  static VerificationView of(JsonNode verification) {
    return new VerificationView(
        verification.required("state").asText(),
        verification.required("events").asLong(),
        verification.required("discarded").asLong(),
        verification.required("detail").asText(""),
        verification.required("tables").toString());
  }

  /** Whether it has come to its end. */
  public boolean hasEnded() {
    return !OPEN.contains(state);
  }

  /** Whether the read model is what the journal says. */
  public boolean isClean() {
    return state.equals("clean");
  }
}
