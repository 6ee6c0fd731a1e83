package dev.kintsugi.management;

import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.hosting.ClusterTotals;
import dev.kintsugi.runtime.hosting.HostedProjection;
import dev.kintsugi.runtime.operations.Overview;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.state.Generation;
import dev.kintsugi.runtime.state.Rebuild;
import dev.kintsugi.runtime.verify.StopAnswer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Answers what projections are like. */
final class Reads {

  private static final Set<String> NONE = Set.of();

  private final Kintsugi kintsugi;
  private final boolean readOnly;

  Reads(Kintsugi kintsugi, boolean readOnly) {
    this.kintsugi = kintsugi;
    this.readOnly = readOnly;
  }

  CompletionStage<Outcome> projections(Call call) {
    call.query(NONE, NONE);
    return projections().thenApply(all -> Outcome.seen(Answers.json(200, all)));
  }

  /** The list, as it is now. */
  CompletionStage<Views.Projections> projections() {
    return kintsugi
        .overview()
        .thenCombine(kintsugi.hosting().locations(), Hosted::new)
        .thenCombine(
            kintsugi.hosting().totals(),
            (hosted, totals) ->
                new Views.Projections(
                    Instant.now(),
                    kintsugi.hosting().self(),
                    readOnly,
                    Views.Rates.of(totals),
                    hosted.overview().waitingDeletions(),
                    hosted.overview().projections().stream()
                        .map(
                            one ->
                                Views.ProjectionSummary.of(
                                    one, node(hosted.locations(), one.generation())))
                        .toList()));
  }

  private record Hosted(Overview overview, Map<HostedProjection, String> locations) {}

  private static Optional<String> node(
      Map<HostedProjection, String> locations, Generation generation) {
    return Optional.ofNullable(
        locations.get(new HostedProjection(generation.projection(), generation.version())));
  }

  CompletionStage<Outcome> projection(Call call) {
    call.query(NONE, NONE);
    CompletionStage<ClusterTotals> totals = kintsugi.hosting().totals();
    return kintsugi
        .status(call.part("name"))
        .thenCombine(
            kintsugi.hosting().locations(),
            (status, locations) -> Map.entry(status, node(locations, status.generation())))
        .thenCombine(
            totals,
            (found, all) ->
                Outcome.seen(
                    Answers.json(200, Views.Projection.of(found.getKey(), found.getValue(), all))));
  }

  CompletionStage<Outcome> rebuilds(Call call) {
    int limit = call.query(Set.of("limit"), NONE).limit();
    String name = call.part("name");
    return known(name, limit)
        .thenApply(
            rebuilds ->
                Outcome.seen(
                    Answers.json(
                        200,
                        new Views.Rebuilds(
                            rebuilds.stream().map(Views.RebuildView::of).toList()))));
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

  CompletionStage<Outcome> rebuild(Call call) {
    call.query(NONE, NONE);
    String name = call.part("name");
    int generation =
        Call.Query.<Integer>parsed("generation", "a number", Integer::parseInt)
            .apply(call.part("generation"));
    return kintsugi
        .findRebuild(name, generation)
        .thenApply(
            found ->
                Outcome.seen(
                    Answers.json(
                        200,
                        Views.RebuildView.of(
                            found.orElseThrow(
                                () ->
                                    new ProblemException(
                                        404,
                                        "projection '%s' has no rebuild of generation %d"
                                            .formatted(name, generation)))))));
  }

  CompletionStage<Outcome> retirement(Call call) {
    call.query(NONE, NONE);
    String name = call.part("name");
    return kintsugi
        .retirement(name)
        .thenApply(
            found ->
                Outcome.seen(
                    Answers.json(
                        200,
                        Views.RetirementView.of(
                            found.orElseThrow(
                                () ->
                                    new ProblemException(
                                        404,
                                        "projection '%s' was never retired".formatted(name)))))));
  }

  CompletionStage<Outcome> operations(Call call) {
    int limit = call.query(Set.of("limit"), NONE).limit();
    String name = call.part("name");
    return known(name, 1)
        .thenCompose(known -> kintsugi.operations(name, limit))
        .thenApply(
            operations ->
                Outcome.seen(
                    Answers.json(
                        200,
                        new Views.Operations(
                            operations.stream().map(Views.OperationView::of).toList()))));
  }

  CompletionStage<Outcome> verifications(Call call) {
    int limit = call.query(Set.of("limit"), NONE).limit();
    String name = call.part("name");
    return known(name, 1)
        .thenCompose(known -> kintsugi.verifications(name, limit))
        .thenApply(
            verifications ->
                Outcome.seen(
                    Answers.json(
                        200,
                        new Views.Verifications(
                            verifications.stream().map(Views.VerificationView::inList).toList()))));
  }

  CompletionStage<Outcome> verification(Call call) {
    call.query(NONE, NONE);
    String name = call.part("name");
    int id = numberOfVerification(call);
    return kintsugi
        .findVerification(name, id)
        .thenApply(
            found ->
                Outcome.seen(
                    Answers.json(
                        200,
                        Views.VerificationView.inFull(
                            found.orElseThrow(
                                () ->
                                    new ProblemException(
                                        404, new StopAnswer.NotThere(name, id).message()))))));
  }

  static int numberOfVerification(Call call) {
    return Call.Query.<Integer>parsed("verification", "a number", Integer::parseInt)
        .apply(call.part("verification"));
  }

  CompletionStage<Outcome> skips(Call call) {
    Call.Query query =
        call.query(Set.of("parked", "stream", "olderThan", "after", "limit"), Set.of("reason"));
    SkipFilter filter =
        new SkipFilter(
            query.all("reason").stream()
                .map(
                    Call.Query.parsed(
                        "reason", "one of " + Set.of(SkipReason.values()), SkipReason::valueOf))
                .collect(Collectors.toSet()),
            query.flag("parked"),
            query.one("stream"),
            query.one("olderThan").map(Bodies::duration));
    long after = query.number("after", 0, Long.MAX_VALUE).orElse(0L);
    return kintsugi
        .skips(call.part("name"))
        .list(filter, after, query.limit())
        .thenApply(page -> Outcome.seen(Answers.json(200, Views.Skips.of(page))));
  }

  CompletionStage<Outcome> skip(Call call) {
    call.query(NONE, NONE);
    SkipId id = id(call);
    return kintsugi
        .skips(call.part("name"))
        .find(id)
        .thenApply(
            found -> {
              var details = found.orElseThrow(() -> notOpen(call, id));
              return Outcome.seen(
                  Answers.json(200, Views.SkipDetailsView.of(details))
                      .addHeader(
                          RawHeader.create("ETag", Views.SkipView.revision(details.record()))));
            });
  }

  static SkipId id(Call call) {
    try {
      return SkipId.parse(call.part("id"));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(404, String.valueOf(e.getMessage()));
    }
  }

  static ProblemException notOpen(Call call, SkipId id) {
    return new ProblemException(
        404,
        "projection '%s' has no open skip record %s; it may be applied or discarded by now"
            .formatted(call.part("name"), id));
  }
}
