package dev.kintsugi.examples.bench.cluster.bad;

import java.util.List;
import java.util.Map;

/**
 * What there is on the node, so that only one thing is wrong with a request.
 *
 * @param projection the name of one
 * @param skip the id of a parked skip record of it
 */
record Scene(String projection, String skip) {

  private static final String REASON = "{\"reason\": \"no good one\"}";

  String path(String rest) {
    return "/projections/" + projection + rest;
  }

  /** What can be read. */
  List<String> reads() {
    return List.of(
        "/projections",
        "/projections/openapi.json",
        "/projections/ui",
        path(""),
        path("/rebuilds"),
        path("/rebuilds/1"),
        path("/operations"),
        path("/skips"),
        path("/skips/" + skip));
  }

  /** What can be changed, with a body that would do it. */
  Map<String, String> changes() {
    return Map.of(
        path("/rebuild"), REASON,
        path("/rate"), "{\"eventsPerSecond\": 100, \"reason\": \"no good one\"}",
        path("/pause"), REASON,
        path("/resume"), REASON,
        path("/verifications"), REASON,
        path("/skips/retry"), "{\"filter\": {\"parked\": true}, \"reason\": \"no good one\"}",
        path("/skips/discard"), "{\"filter\": {}, \"reason\": \"no good one\"}",
        path("/skips/" + skip + "/retry"), REASON,
        path("/skips/" + skip + "/discard"), REASON);
  }

  /** A change that would be made if nothing else were wrong with it. */
  Request change(Pick pick) {
    String target = pick.of(changes().keySet().stream().sorted().toList());
    return Request.post(target, changes().getOrDefault(target, ""));
  }

  /** Where a change is posted to. */
  String changing(Pick pick) {
    return pick.of(changes().keySet().stream().sorted().toList());
  }
}
