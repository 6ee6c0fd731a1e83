package dev.kintsugi.management;

import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.operations.StopAnswer;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.HostedProjection;
import dev.kintsugi.runtime.status.Overview;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Answers what projections are like. */
final class ReadRoutes {

  private static final Set<String> NONE = Set.of();

  private final Kintsugi kintsugi;
  private final boolean readOnly;

  ReadRoutes(Kintsugi kintsugi, boolean readOnly) {
    this.kintsugi = kintsugi;
    this.readOnly = readOnly;
  }

  CompletionStage<ChangeOutcome> projections(ApiCall call) {
    call.query(NONE, NONE);
    return projections().thenApply(all -> ChangeOutcome.seen(HttpAnswers.json(200, all)));
  }

  /** The list, as it is now. */
  CompletionStage<JsonViews.Projections> projections() {
    return kintsugi
        .overview()
        .thenCombine(kintsugi.locations(), Hosted::new)
        .thenCombine(
            kintsugi.totals(),
            (hosted, totals) ->
                new JsonViews.Projections(
                    Instant.now(),
                    kintsugi.nodeName(),
                    readOnly,
                    JsonViews.Rates.of(totals),
                    hosted.overview().waitingDeletions(),
                    hosted.overview().projections().stream()
                        .map(
                            one ->
                                JsonViews.ProjectionSummary.of(
                                    one, node(hosted.locations(), one.generation())))
                        .toList()));
  }

  private record Hosted(Overview overview, Map<HostedProjection, String> locations) {}

  private static Optional<String> node(
      Map<HostedProjection, String> locations, Generation generation) {
    return Optional.ofNullable(
        locations.get(new HostedProjection(generation.projection(), generation.version())));
  }

  CompletionStage<ChangeOutcome> projection(ApiCall call) {
    call.query(NONE, NONE);
    CompletionStage<ClusterTotals> totals = kintsugi.totals();
    return kintsugi
        .status(call.part("name"))
        .thenCombine(
            kintsugi.locations(),
            (status, locations) -> Map.entry(status, node(locations, status.generation())))
        .thenCombine(
            totals,
            (found, all) ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200, JsonViews.Projection.of(found.getKey(), found.getValue(), all))));
  }

  CompletionStage<ChangeOutcome> rebuilds(ApiCall call) {
    int limit = call.query(Set.of("limit"), NONE).limit();
    String name = call.part("name");
    return known(name, limit)
        .thenApply(
            rebuilds ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200,
                        new RebuildViews.Rebuilds(
                            rebuilds.stream().map(RebuildViews.RebuildView::of).toList()))));
  }

  /** Its newest rebuilds; a projection that is known has one at least, by which it was built. */
  private CompletionStage<List<Rebuild>> known(String name, int limit) {
    return kintsugi
        .rebuilds(name, limit)
        .thenApply(
            rebuilds -> {
              if (rebuilds.isEmpty()) {
                throw new UnknownProjectionException(name);
              }
              return rebuilds;
            });
  }

  CompletionStage<ChangeOutcome> rebuild(ApiCall call) {
    call.query(NONE, NONE);
    String name = call.part("name");
    int generation = generation(call);
    return kintsugi
        .findRebuild(name, generation)
        .thenApply(
            found ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200,
                        RebuildViews.RebuildView.of(
                            found.orElseThrow(
                                () ->
                                    new ProblemException(
                                        404,
                                        "projection '%s' has no rebuild of generation %d"
                                            .formatted(name, generation)))))));
  }

  private static int generation(ApiCall call) {
    return ApiCall.Query.<Integer>parsed("generation", "a number", Integer::parseInt)
        .apply(call.part("generation"));
  }

  CompletionStage<ChangeOutcome> comparison(ApiCall call) {
    call.query(NONE, NONE);
    String name = call.part("name");
    int generation = generation(call);
    return kintsugi
        .comparison(name, generation)
        .thenApply(
            found ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200,
                        RebuildViews.ComparisonView.of(
                            name,
                            generation,
                            found.orElseThrow(
                                () ->
                                    new ProblemException(
                                        404,
                                        "projection '%s' has no comparison of generation %d: it has not been compared yet, or was not built beside one that serves"
                                            .formatted(name, generation)))))));
  }

  CompletionStage<ChangeOutcome> retirement(ApiCall call) {
    call.query(NONE, NONE);
    String name = call.part("name");
    return kintsugi
        .retirement(name)
        .thenApply(
            found ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200,
                        JsonViews.RetirementView.of(
                            found.orElseThrow(
                                () ->
                                    new ProblemException(
                                        404,
                                        "projection '%s' was never retired".formatted(name)))))));
  }

  CompletionStage<ChangeOutcome> operations(ApiCall call) {
    int limit = call.query(Set.of("limit"), NONE).limit();
    String name = call.part("name");
    return known(name, 1)
        .thenCompose(known -> kintsugi.operations(name, limit))
        .thenApply(
            operations ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200,
                        new JsonViews.Operations(
                            operations.stream().map(JsonViews.OperationView::of).toList()))));
  }

  CompletionStage<ChangeOutcome> verifications(ApiCall call) {
    int limit = call.query(Set.of("limit"), NONE).limit();
    String name = call.part("name");
    return known(name, 1)
        .thenCompose(known -> kintsugi.verifications(name, limit))
        .thenApply(
            verifications ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200,
                        new JsonViews.Verifications(
                            verifications.stream()
                                .map(JsonViews.VerificationView::inList)
                                .toList()))));
  }

  CompletionStage<ChangeOutcome> verification(ApiCall call) {
    call.query(NONE, NONE);
    String name = call.part("name");
    int id = numberOfVerification(call);
    return kintsugi
        .findVerification(name, id)
        .thenApply(
            found ->
                ChangeOutcome.seen(
                    HttpAnswers.json(
                        200,
                        JsonViews.VerificationView.inFull(
                            found.orElseThrow(
                                () ->
                                    new ProblemException(
                                        404, new StopAnswer.NotThere(name, id).message()))))));
  }

  static int numberOfVerification(ApiCall call) {
    return ApiCall.Query.<Integer>parsed("verification", "a number", Integer::parseInt)
        .apply(call.part("verification"));
  }

  CompletionStage<ChangeOutcome> skips(ApiCall call) {
    ApiCall.Query query =
        call.query(Set.of("parked", "stream", "olderThan", "after", "limit"), Set.of("reason"));
    SkipFilter filter =
        new SkipFilter(
            query.all("reason").stream()
                .map(
                    ApiCall.Query.parsed(
                        "reason", "one of " + Set.of(SkipReason.values()), SkipReason::valueOf))
                .collect(Collectors.toSet()),
            query.flag("parked"),
            query.one("stream"),
            query.one("olderThan").map(RequestBodies::duration));
    long after = query.number("after", 0, Long.MAX_VALUE).orElse(0L);
    return kintsugi
        .skips(call.part("name"))
        .list(filter, after, query.limit())
        .thenApply(page -> ChangeOutcome.seen(HttpAnswers.json(200, JsonViews.Skips.of(page))));
  }

  CompletionStage<ChangeOutcome> skip(ApiCall call) {
    call.query(NONE, NONE);
    SkipId id = id(call);
    return kintsugi
        .skips(call.part("name"))
        .find(id)
        .thenApply(
            found -> {
              var details = found.orElseThrow(() -> notOpen(call, id));
              return ChangeOutcome.seen(
                  HttpAnswers.json(200, JsonViews.SkipDetailsView.of(details))
                      .addHeader(
                          RawHeader.create("ETag", JsonViews.SkipView.revision(details.record()))));
            });
  }

  static SkipId id(ApiCall call) {
    try {
      return SkipId.parse(call.part("id"));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(404, String.valueOf(e.getMessage()));
    }
  }

  static ProblemException notOpen(ApiCall call, SkipId id) {
    return new ProblemException(
        404,
        "projection '%s' has no open skip record %s; it may be applied or discarded by now"
            .formatted(call.part("name"), id));
  }
}
