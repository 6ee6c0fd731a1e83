package dev.kintsugi.management;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.operations.IdempotencyKeys;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.jspecify.annotations.Nullable;

/**
 * Idempotency keys (as in the IETF's draft of the header): a request with a key is carried out once
 * at the most, see {@link IdempotencyKeys}. One that changed nothing gives its key back.
 */
final class IdempotentCalls {

  private static final int LONGEST = 200;

  /** Which others are meant, no header can say. */
  private static final Pattern VISIBLE = Pattern.compile("[\\x21-\\x7e]+");

  private final KintsugiNode node;

  IdempotentCalls(KintsugiNode node) {
    this.node = node;
  }

  /** Carries a call out, if its key, should it have one, was not used yet. */
  CompletionStage<HttpResponse> once(
      ApiCall call, Function<ApiCall, CompletionStage<ChangeOutcome>> handler) {
    Optional<String> key = call.header("Idempotency-Key");
    if (key.isEmpty()) {
      return handler.apply(call).thenApply(ChangeOutcome::response);
    }
    String name = key.get();
    if (name.length() > LONGEST || !VISIBLE.matcher(name).matches()) {
      throw new ProblemException(
          400, "Idempotency-Key is to have 1 to " + LONGEST + " visible characters of ASCII");
    }
    return node.inTransaction(
            connection -> IdempotencyKeys.claim(connection, name, fingerprint(call)))
        .thenCompose(
            claim -> {
              if (claim instanceof IdempotencyKeys.New) {
                return carryOut(call, handler, name);
              }
              return CompletableFuture.completedStage(known(claim));
            });
  }

  private static HttpResponse known(IdempotencyKeys.Claim claim) {
    if (claim instanceof IdempotencyKeys.Answered answered) {
      IdempotencyKeys.Answer answer = answered.answer();
      HttpResponse response = HttpAnswers.ofJson(answer.status(), answer.body());
      return answer
          .location()
          .map(location -> response.addHeader(RawHeader.create("Location", location)))
          .orElse(response);
    } else if (claim instanceof IdempotencyKeys.OtherRequest) {
      throw new ProblemException(
          422, "this Idempotency-Key was used for another request; use a new one for this");
    }
    throw new ProblemException(
        409,
        "a request with this Idempotency-Key was begun, and what came of it is not known (yet). It is not"
            + " carried out again: look at the projection's history, then use a new key");
  }

  private CompletionStage<HttpResponse> carryOut(
      ApiCall call, Function<ApiCall, CompletionStage<ChangeOutcome>> handler, String key) {
    CompletionStage<ChangeOutcome> outcome;
    try {
      outcome = handler.apply(call);
    } catch (RuntimeException e) {
      outcome = CompletableFuture.failedStage(e);
    }
    return outcome
        .handle((done, error) -> settle(key, done, error))
        .thenCompose(settled -> settled);
  }

  private CompletionStage<HttpResponse> settle(
      String key, @Nullable ChangeOutcome done, @Nullable Throwable error) {
    if (error != null) {
      HttpResponse problem = HttpAnswers.failed("a request with an Idempotency-Key", error);
      // After a failure of the database nobody knows whether the change was made.
      return problem.status().intValue() < 500
          ? release(key, problem)
          : CompletableFuture.completedStage(problem);
    }
    ChangeOutcome outcome = Objects.requireNonNull(done);
    if (!outcome.changed()) {
      return release(key, outcome.response());
    }
    IdempotencyKeys.Answer answer =
        new IdempotencyKeys.Answer(
            outcome.response().status().intValue(),
            outcome.response().getHeader("Location").map(header -> header.value()),
            ((HttpEntity.Strict) outcome.response().entity()).getData().utf8String());
    return node.inTransaction(
            connection -> {
              IdempotencyKeys.answer(connection, key, answer);
              return true;
            })
        .thenApply(kept -> outcome.response());
  }

  private CompletionStage<HttpResponse> release(String key, HttpResponse response) {
    return node.inTransaction(
            connection -> {
              IdempotencyKeys.release(connection, key);
              return true;
            })
        .thenApply(released -> response);
  }

  /** Of all that makes a request another one. */
  private static String fingerprint(ApiCall call) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String line = call.request().method().value() + " " + call.request().getUri() + "\n";
      digest.update(line.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest(call.body().toArray()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
