package dev.kintsugi.management;

import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.ProjectionManagement;
import dev.kintsugi.runtime.Skips;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.operations.RetireAnswer;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.operations.StopAnswer;
import dev.kintsugi.runtime.skip.SkipId;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.apache.pekko.http.javadsl.model.headers.Authorization;
import org.apache.pekko.http.javadsl.model.headers.BasicHttpCredentials;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out what is asked for; each change is logged, with who asked and why. */
final class ChangeRoutes {

  private static final Logger log = LoggerFactory.getLogger(ChangeRoutes.class);

  private static final Set<String> NONE = Set.of();

  private final Kintsugi kintsugi;

  ChangeRoutes(Kintsugi kintsugi) {
    this.kintsugi = kintsugi;
  }

  /** The user that the request is authenticated as, or whoever it names. */
  private static String who(ApiCall call, Optional<String> named) {
    return call.request()
        .getHeader(Authorization.class)
        .map(header -> header.credentials())
        .filter(BasicHttpCredentials.class::isInstance)
        .map(credentials -> ((BasicHttpCredentials) credentials).username())
        .filter(user -> !user.isBlank() && user.length() <= 100 && StorableText.isStorable(user))
        .or(() -> named)
        .orElse("somebody over HTTP");
  }

  private static String who(ApiCall call, RequestBodies.Asked asked) {
    return who(call, Optional.ofNullable(asked.requestedBy()));
  }

  private static <T extends RequestBodies.Asked> T read(ApiCall call, Class<T> type) {
    call.query(NONE, NONE);
    return JsonWriting.read(call.body(), type);
  }

  private static void logChange(ApiCall call, String who, String reason, String message) {
    log.info(
        "{} {} by {}: {} ({})",
        call.request().method().value(),
        call.request().getUri().path(),
        oneLine(who),
        message,
        oneLine(reason));
  }

  /** What came from outside adds no lines to the log. */
  private static String oneLine(String text) {
    return text.replaceAll("\\p{Cntrl}", " ");
  }

  CompletionStage<ChangeOutcome> rebuild(ApiCall call) {
    RequestBodies.RebuildChange change = read(call, RequestBodies.RebuildChange.class);
    String who = who(call, change);
    String name = call.part("name");
    ProjectionManagement operator = kintsugi.management(who);
    return (change.isInPlace()
            ? operator.rebuildInPlace(name, change.reason())
            : operator.rebuild(name, change.reason(), change.allowsLowerVersion()))
        .thenApply(
            generation -> {
              String message =
                  "projection '%s' is rebuilt%s, as generation %d"
                      .formatted(name, change.isInPlace() ? " in place" : "", generation);
              logChange(call, who, change.reason(), message);
              String path = call.request().getUri().path();
              return ChangeOutcome.done(
                  HttpAnswers.json(202, new RebuildViews.RebuildAccepted(name, generation, message))
                      .addHeader(
                          RawHeader.create(
                              "Location",
                              path.substring(0, path.length() - "rebuild".length())
                                  + "rebuilds/"
                                  + generation)));
            });
  }

  /** Who asks for a stop, and why, as the query says. */
  private record Stop(String who, String reason) {
    static Stop of(ApiCall call) {
      ApiCall.Query query = call.query(Set.of("reason", "requestedBy"), NONE);
      String reason = query.one("reason").orElse("");
      try {
        RequestBodies.check(reason, query.one("requestedBy").orElse(null));
      } catch (IllegalArgumentException e) {
        throw new ProblemException(400, String.valueOf(e.getMessage()));
      }
      return new Stop(ChangeRoutes.who(call, query.one("requestedBy")), reason);
    }
  }

  CompletionStage<ChangeOutcome> stopRebuild(ApiCall call) {
    Stop stop = Stop.of(call);
    return kintsugi
        .management(stop.who())
        .stopRebuild(call.part("name"), stop.reason())
        .thenApply(answer -> answer(call, stop.who(), stop.reason(), answer));
  }

  CompletionStage<ChangeOutcome> approve(ApiCall call) {
    return ofServing(call, ProjectionManagement::approve);
  }

  CompletionStage<ChangeOutcome> reject(ApiCall call) {
    return ofServing(call, ProjectionManagement::reject);
  }

  CompletionStage<ChangeOutcome> undo(ApiCall call) {
    return ofServing(call, ProjectionManagement::undo);
  }

  CompletionStage<ChangeOutcome> retireReplaced(ApiCall call) {
    return ofServing(call, ProjectionManagement::retireReplaced);
  }

  /** Something that decides which generation is to serve. */
  private interface ServingChange {
    CompletionStage<RebuildAnswer> of(ProjectionManagement operator, String name, String reason);
  }

  private CompletionStage<ChangeOutcome> ofServing(ApiCall call, ServingChange change) {
    RequestBodies.Change asked = read(call, RequestBodies.Change.class);
    String who = who(call, asked);
    return change
        .of(kintsugi.management(who), call.part("name"), asked.reason())
        .thenApply(answer -> answer(call, who, asked.reason(), answer));
  }

  CompletionStage<ChangeOutcome> verify(ApiCall call) {
    RequestBodies.Change change = read(call, RequestBodies.Change.class);
    String who = who(call, change);
    String name = call.part("name");
    return kintsugi
        .management(who)
        .startVerification(name, change.reason())
        .thenApply(
            id -> {
              String message = "projection '%s' is verified, as number %d".formatted(name, id);
              logChange(call, who, change.reason(), message);
              return ChangeOutcome.done(
                  HttpAnswers.json(202, new JsonViews.VerificationAccepted(name, id, message))
                      .addHeader(
                          RawHeader.create("Location", call.request().getUri().path() + "/" + id)));
            });
  }

  CompletionStage<ChangeOutcome> stopVerification(ApiCall call) {
    Stop stop = Stop.of(call);
    return kintsugi
        .management(stop.who())
        .stopVerification(call.part("name"), ReadRoutes.numberOfVerification(call), stop.reason())
        .thenApply(
            answer -> {
              if (answer instanceof StopAnswer.NotThere) {
                throw new ProblemException(404, answer.message());
              } else if (answer instanceof StopAnswer.HadEnded) {
                throw new ProblemException(409, answer.message());
              }
              logChange(call, stop.who(), stop.reason(), answer.message());
              return ChangeOutcome.done(
                  HttpAnswers.json(200, new JsonViews.Done(answer.message())));
            });
  }

  CompletionStage<ChangeOutcome> rate(ApiCall call) {
    RequestBodies.RateChange change = read(call, RequestBodies.RateChange.class);
    String who = who(call, change);
    return kintsugi
        .management(who)
        .limitRebuild(call.part("name"), change.eventsPerSecond(), change.reason())
        .thenApply(answer -> answer(call, who, change.reason(), answer));
  }

  private static ChangeOutcome answer(
      ApiCall call, String who, String reason, RebuildAnswer answer) {
    if (answer instanceof RebuildAnswer.NoneUnderWay) {
      throw new ProblemException(409, answer.message());
    }
    logChange(call, who, reason, answer.message());
    return ChangeOutcome.done(HttpAnswers.json(200, new JsonViews.Done(answer.message())));
  }

  CompletionStage<ChangeOutcome> rename(ApiCall call) {
    RequestBodies.RenameChange change = read(call, RequestBodies.RenameChange.class);
    String who = who(call, change);
    String name = call.part("name");
    CompletionStage<Integer> renamed;
    try {
      renamed = kintsugi.management(who).rename(name, change.name(), change.reason());
    } catch (IllegalArgumentException e) {
      throw new ProblemException(400, String.valueOf(e.getMessage()));
    }
    return renamed.thenApply(
        generation -> {
          String message =
              "projection '%s' is '%s' from now on, as generation %d"
                  .formatted(name, change.name(), generation);
          logChange(call, who, change.reason(), message);
          return ChangeOutcome.done(HttpAnswers.json(202, new JsonViews.Done(message)));
        });
  }

  CompletionStage<ChangeOutcome> retire(ApiCall call) {
    RequestBodies.RetireChange change = read(call, RequestBodies.RetireChange.class);
    String who = who(call, change);
    return kintsugi
        .management(who)
        .retire(call.part("name"), change.reason(), change.options())
        .thenApply(
            answer -> {
              if (answer instanceof RetireAnswer.Registered) {
                throw new ProblemException(409, answer.message());
              }
              logChange(call, who, change.reason(), answer.message());
              return ChangeOutcome.done(
                  HttpAnswers.json(202, new JsonViews.Done(answer.message())));
            });
  }

  CompletionStage<ChangeOutcome> pause(ApiCall call) {
    return setPaused(
        call, (operator, request) -> operator.pause(request.projection(), request.reason()));
  }

  CompletionStage<ChangeOutcome> resume(ApiCall call) {
    return setPaused(
        call, (operator, request) -> operator.resume(request.projection(), request.reason()));
  }

  private record PauseRequest(String projection, String reason) {}

  private CompletionStage<ChangeOutcome> setPaused(
      ApiCall call,
      BiFunction<ProjectionManagement, PauseRequest, CompletionStage<PauseAnswer>> change) {
    RequestBodies.Change asked = read(call, RequestBodies.Change.class);
    String who = who(call, asked);
    String name = call.part("name");
    return change
        .apply(kintsugi.management(who), new PauseRequest(name, asked.reason()))
        .thenApply(
            answer -> {
              JsonViews.PauseDone done = done(name, answer);
              logChange(call, who, asked.reason(), done.message());
              return ChangeOutcome.done(HttpAnswers.json(200, done));
            });
  }

  private static JsonViews.PauseDone done(String name, PauseAnswer answer) {
    if (answer instanceof PauseAnswer.Paused) {
      return new JsonViews.PauseDone(
          true, true, "projection '%s' is paused: writers record what comes".formatted(name));
    } else if (answer instanceof PauseAnswer.Resumed) {
      return new JsonViews.PauseDone(
          false, true, "projection '%s' is resumed: writers apply again".formatted(name));
    }
    PauseAnswer.AlreadySo already = (PauseAnswer.AlreadySo) answer;
    return new JsonViews.PauseDone(
        already.paused(),
        false,
        "projection '%s' is %s already"
            .formatted(name, already.paused() ? "paused" : "not paused"));
  }

  CompletionStage<ChangeOutcome> retry(ApiCall call) {
    return one(call, Skips::retry);
  }

  CompletionStage<ChangeOutcome> discard(ApiCall call) {
    return one(call, Skips::discard);
  }

  /** Something that is done to one record. */
  private interface OneChange {
    CompletionStage<SkipAnswer> of(
        Skips skips, SkipId id, Optional<String> revision, String reason);
  }

  private CompletionStage<ChangeOutcome> one(ApiCall call, OneChange change) {
    RequestBodies.Change asked = read(call, RequestBodies.Change.class);
    SkipId id = ReadRoutes.id(call);
    String who = who(call, asked);
    Optional<String> revision =
        call.header("If-Match").filter(seen -> !seen.equals("*")).map(JsonViews.SkipView::unquoted);
    return change
        .of(kintsugi.management(who).skips(call.part("name")), id, revision, asked.reason())
        .thenApply(
            answer -> {
              if (answer instanceof SkipAnswer.Gone) {
                throw new ProblemException(404, answer.message());
              } else if (answer instanceof SkipAnswer.Changed) {
                throw new ProblemException(412, answer.message());
              } else if (answer instanceof SkipAnswer.InHand
                  || answer instanceof SkipAnswer.NotYet
                  || answer instanceof SkipAnswer.NoReason) {
                throw new ProblemException(409, answer.message());
              }
              logChange(call, who, asked.reason(), answer.message());
              return ChangeOutcome.done(
                  HttpAnswers.json(200, new JsonViews.Done(answer.message())));
            });
  }

  CompletionStage<ChangeOutcome> retryAll(ApiCall call) {
    return all(
        call,
        (skips, change) ->
            change.isDryRun()
                ? skips.wouldRetry(change.filter().skipFilter())
                : skips.retry(change.filter().skipFilter(), change.reason()));
  }

  CompletionStage<ChangeOutcome> discardAll(ApiCall call) {
    return all(
        call,
        (skips, change) ->
            change.isDryRun()
                ? skips.wouldDiscard(change.filter().skipFilter())
                : skips.discard(change.filter().skipFilter(), change.reason()));
  }

  private CompletionStage<ChangeOutcome> all(
      ApiCall call,
      BiFunction<Skips, RequestBodies.SkipsChange, CompletionStage<SkipsAnswer>> change) {
    RequestBodies.SkipsChange asked = read(call, RequestBodies.SkipsChange.class);
    String who = who(call, asked);
    return change
        .apply(kintsugi.management(who).skips(call.part("name")), asked)
        .thenApply(
            answer -> {
              if (!answer.refusal().isEmpty()) {
                throw new ProblemException(409, answer.message());
              }
              if (answer.dryRun()) {
                return ChangeOutcome.seen(HttpAnswers.json(200, JsonViews.SkipsDone.of(answer)));
              }
              logChange(call, who, asked.reason(), answer.message());
              return ChangeOutcome.done(HttpAnswers.json(200, JsonViews.SkipsDone.of(answer)));
            });
  }
}
