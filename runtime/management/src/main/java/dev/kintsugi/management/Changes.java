package dev.kintsugi.management;

import dev.kintsugi.projections.text.StorableText;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.Operator;
import dev.kintsugi.runtime.Skips;
import dev.kintsugi.runtime.operations.PauseAnswer;
import dev.kintsugi.runtime.operations.RebuildAnswer;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.retirement.RetireAnswer;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipId;
import dev.kintsugi.runtime.verify.StopAnswer;
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
final class Changes {

  private static final Logger log = LoggerFactory.getLogger(Changes.class);

  private static final Set<String> NONE = Set.of();

  private final Kintsugi kintsugi;

  Changes(Kintsugi kintsugi) {
    this.kintsugi = kintsugi;
  }

  /** The user that the request is authenticated as, or whoever it names. */
  private static String who(Call call, Optional<String> named) {
    return call.request()
        .getHeader(Authorization.class)
        .map(header -> header.credentials())
        .filter(BasicHttpCredentials.class::isInstance)
        .map(credentials -> ((BasicHttpCredentials) credentials).username())
        .filter(user -> !user.isBlank() && user.length() <= 100 && StorableText.isStorable(user))
        .or(() -> named)
        .orElse("somebody over HTTP");
  }

  private static String who(Call call, Bodies.Asked asked) {
    return who(call, Optional.ofNullable(asked.requestedBy()));
  }

  private static <T extends Bodies.Asked> T read(Call call, Class<T> type) {
    call.query(NONE, NONE);
    return Json.read(call.body(), type);
  }

  private static void logChange(Call call, String who, String reason, String message) {
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

  CompletionStage<Outcome> rebuild(Call call) {
    Bodies.RebuildChange change = read(call, Bodies.RebuildChange.class);
    String who = who(call, change);
    String name = call.part("name");
    return kintsugi
        .operator(who)
        .rebuild(name, change.reason(), change.allowsLowerVersion())
        .thenApply(
            generation -> {
              String message =
                  "projection '%s' is rebuilt, as generation %d".formatted(name, generation);
              logChange(call, who, change.reason(), message);
              String path = call.request().getUri().path();
              return Outcome.done(
                  Answers.json(202, new Views.RebuildAccepted(name, generation, message))
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
    static Stop of(Call call) {
      Call.Query query = call.query(Set.of("reason", "requestedBy"), NONE);
      String reason = query.one("reason").orElse("");
      try {
        Bodies.check(reason, query.one("requestedBy").orElse(null));
      } catch (IllegalArgumentException e) {
        throw new ProblemException(400, String.valueOf(e.getMessage()));
      }
      return new Stop(Changes.who(call, query.one("requestedBy")), reason);
    }
  }

  CompletionStage<Outcome> stopRebuild(Call call) {
    Stop stop = Stop.of(call);
    return kintsugi
        .operator(stop.who())
        .stopRebuild(call.part("name"), stop.reason())
        .thenApply(answer -> answer(call, stop.who(), stop.reason(), answer));
  }

  CompletionStage<Outcome> verify(Call call) {
    Bodies.Change change = read(call, Bodies.Change.class);
    String who = who(call, change);
    String name = call.part("name");
    return kintsugi
        .operator(who)
        .startVerification(name, change.reason())
        .thenApply(
            id -> {
              String message = "projection '%s' is verified, as number %d".formatted(name, id);
              logChange(call, who, change.reason(), message);
              return Outcome.done(
                  Answers.json(202, new Views.VerificationAccepted(name, id, message))
                      .addHeader(
                          RawHeader.create("Location", call.request().getUri().path() + "/" + id)));
            });
  }

  CompletionStage<Outcome> stopVerification(Call call) {
    Stop stop = Stop.of(call);
    return kintsugi
        .operator(stop.who())
        .stopVerification(call.part("name"), Reads.numberOfVerification(call), stop.reason())
        .thenApply(
            answer -> {
              if (answer instanceof StopAnswer.NotThere) {
                throw new ProblemException(404, answer.message());
              } else if (answer instanceof StopAnswer.HadEnded) {
                throw new ProblemException(409, answer.message());
              }
              logChange(call, stop.who(), stop.reason(), answer.message());
              return Outcome.done(Answers.json(200, new Views.Done(answer.message())));
            });
  }

  CompletionStage<Outcome> rate(Call call) {
    Bodies.RateChange change = read(call, Bodies.RateChange.class);
    String who = who(call, change);
    return kintsugi
        .operator(who)
        .limitRebuild(call.part("name"), change.eventsPerSecond(), change.reason())
        .thenApply(answer -> answer(call, who, change.reason(), answer));
  }

  private static Outcome answer(Call call, String who, String reason, RebuildAnswer answer) {
    if (answer instanceof RebuildAnswer.NoneUnderWay) {
      throw new ProblemException(409, answer.message());
    }
    logChange(call, who, reason, answer.message());
    return Outcome.done(Answers.json(200, new Views.Done(answer.message())));
  }

  CompletionStage<Outcome> rename(Call call) {
    Bodies.RenameChange change = read(call, Bodies.RenameChange.class);
    String who = who(call, change);
    String name = call.part("name");
    CompletionStage<Integer> renamed;
    try {
      renamed = kintsugi.operator(who).rename(name, change.name(), change.reason());
    } catch (IllegalArgumentException e) {
      throw new ProblemException(400, String.valueOf(e.getMessage()));
    }
    return renamed.thenApply(
        generation -> {
          String message =
              "projection '%s' is '%s' from now on, as generation %d"
                  .formatted(name, change.name(), generation);
          logChange(call, who, change.reason(), message);
          return Outcome.done(Answers.json(202, new Views.Done(message)));
        });
  }

  CompletionStage<Outcome> retire(Call call) {
    Bodies.RetireChange change = read(call, Bodies.RetireChange.class);
    String who = who(call, change);
    return kintsugi
        .operator(who)
        .retire(call.part("name"), change.reason(), change.options())
        .thenApply(
            answer -> {
              if (answer instanceof RetireAnswer.Registered) {
                throw new ProblemException(409, answer.message());
              }
              logChange(call, who, change.reason(), answer.message());
              return Outcome.done(Answers.json(202, new Views.Done(answer.message())));
            });
  }

  CompletionStage<Outcome> pause(Call call) {
    return setPaused(
        call, (operator, request) -> operator.pause(request.projection(), request.reason()));
  }

  CompletionStage<Outcome> resume(Call call) {
    return setPaused(
        call, (operator, request) -> operator.resume(request.projection(), request.reason()));
  }

  private record PauseRequest(String projection, String reason) {}

  private CompletionStage<Outcome> setPaused(
      Call call, BiFunction<Operator, PauseRequest, CompletionStage<PauseAnswer>> change) {
    Bodies.Change asked = read(call, Bodies.Change.class);
    String who = who(call, asked);
    String name = call.part("name");
    return change
        .apply(kintsugi.operator(who), new PauseRequest(name, asked.reason()))
        .thenApply(
            answer -> {
              Views.PauseDone done = done(name, answer);
              logChange(call, who, asked.reason(), done.message());
              return Outcome.done(Answers.json(200, done));
            });
  }

  private static Views.PauseDone done(String name, PauseAnswer answer) {
    if (answer instanceof PauseAnswer.Paused) {
      return new Views.PauseDone(
          true, true, "projection '%s' is paused: writers record what comes".formatted(name));
    } else if (answer instanceof PauseAnswer.Resumed) {
      return new Views.PauseDone(
          false, true, "projection '%s' is resumed: writers apply again".formatted(name));
    }
    PauseAnswer.AlreadySo already = (PauseAnswer.AlreadySo) answer;
    return new Views.PauseDone(
        already.paused(),
        false,
        "projection '%s' is %s already"
            .formatted(name, already.paused() ? "paused" : "not paused"));
  }

  CompletionStage<Outcome> retry(Call call) {
    return one(call, Skips::retry);
  }

  CompletionStage<Outcome> discard(Call call) {
    return one(call, Skips::discard);
  }

  /** Something that is done to one record. */
  private interface OneChange {
    CompletionStage<SkipAnswer> of(Skips skips, OpenSkip seen, String reason);
  }

  private CompletionStage<Outcome> one(Call call, OneChange change) {
    Bodies.Change asked = read(call, Bodies.Change.class);
    SkipId id = Reads.id(call);
    String who = who(call, asked);
    Skips skips = kintsugi.operator(who).skips(call.part("name"));
    return skips
        .find(id)
        .thenCompose(
            found -> {
              OpenSkip now = found.orElseThrow(() -> Reads.notOpen(call, id)).record();
              refuseChanged(call, now);
              return change.of(skips, now, asked.reason());
            })
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
              return Outcome.done(Answers.json(200, new Views.Done(answer.message())));
            });
  }

  private static void refuseChanged(Call call, OpenSkip now) {
    call.header("If-Match")
        .filter(seen -> !seen.equals("*") && !seen.equals(Views.SkipView.revision(now)))
        .ifPresent(
            seen -> {
              throw new ProblemException(412, new SkipAnswer.Changed(now).message());
            });
  }

  CompletionStage<Outcome> retryAll(Call call) {
    return all(
        call,
        (skips, change) ->
            change.isDryRun()
                ? skips.wouldRetry(change.filter().skipFilter())
                : skips.retry(change.filter().skipFilter(), change.reason()));
  }

  CompletionStage<Outcome> discardAll(Call call) {
    return all(
        call,
        (skips, change) ->
            change.isDryRun()
                ? skips.wouldDiscard(change.filter().skipFilter())
                : skips.discard(change.filter().skipFilter(), change.reason()));
  }

  private CompletionStage<Outcome> all(
      Call call, BiFunction<Skips, Bodies.SkipsChange, CompletionStage<SkipsAnswer>> change) {
    Bodies.SkipsChange asked = read(call, Bodies.SkipsChange.class);
    String who = who(call, asked);
    return change
        .apply(kintsugi.operator(who).skips(call.part("name")), asked)
        .thenApply(
            answer -> {
              if (!answer.refusal().isEmpty()) {
                throw new ProblemException(409, answer.message());
              }
              if (answer.dryRun()) {
                return Outcome.seen(Answers.json(200, Views.SkipsDone.of(answer)));
              }
              logChange(call, who, asked.reason(), answer.message());
              return Outcome.done(Answers.json(200, Views.SkipsDone.of(answer)));
            });
  }
}
