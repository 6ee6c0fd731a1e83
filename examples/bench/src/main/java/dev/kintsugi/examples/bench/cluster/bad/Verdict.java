package dev.kintsugi.examples.bench.cluster.bad;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Optional;

/** What an answer to a bad request is to be: the client's fault, with a reason. */
final class Verdict {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String PROBLEM = "application/problem+json";

  private Verdict() {}

  /** What is wrong with an answer; empty if it is a good one. */
  static Optional<String> on(Badness badness, Request request, Answer answer) {
    if (answer.status() == Answer.HUNG_UP && badness.mayHangUp()) {
      return Optional.empty();
    }
    if (answer.status() <= 0) {
      return Optional.of("no answer");
    }
    if (answer.status() < 400 || answer.status() > 499) {
      return Optional.of("not refused");
    }
    if (answer.contentType().startsWith(PROBLEM)) {
      return hasDetail(answer) ? Optional.empty() : Optional.of("a problem without a reason");
    }
    if (isOurs(request)) {
      return Optional.of("no problem+json below /projections");
    }
    return answer.body().isBlank() ? Optional.of("no reason") : Optional.empty();
  }

  private static boolean isOurs(Request request) {
    return request.line().matches("\\S+ /projections([/?].*)? HTTP/.*");
  }

  private static boolean hasDetail(Answer answer) {
    try {
      JsonNode problem = JSON.readTree(answer.body());
      return problem.path("status").asInt() == answer.status()
          && !problem.path("detail").asText().isBlank();
    } catch (JsonProcessingException e) {
      return false;
    }
  }
}
