package dev.kintsugi.management;

import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.management.javadsl.ManagementRouteProvider;
import org.apache.pekko.management.javadsl.ManagementRouteProviderSettings;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The routes below {@code /projections} of Pekko Management, on its port, behind its authentication
 * and its TLS. Registered in reference.conf; {@code openapi.json} says what there is. Changing
 * routes work only where {@code pekko.management.http.route-providers-read-only} is off.
 *
 * <p>The first request connects Kintsugi to its database, if the application has not yet.
 */
public final class ProjectionRoutes extends AllDirectives implements ManagementRouteProvider {

  private static final String PREFIX = "projections";
  private static final long LONGEST_BODY = 64 * 1024;
  private static final Duration BODY_WITHIN = Duration.ofSeconds(5);

  /**
   * A body up to this is read to its end before it is refused. Of a larger one the rest is not
   * read, and the connection is closed: its sender may find it reset, and not see why.
   */
  private static final long LONGEST_READ = 8 * LONGEST_BODY;

  /** The headers that a change may depend on. */
  private static final Set<String> READ =
      Set.of("authorization", "expect", "host", "if-match", "origin");

  private final ExtendedActorSystem system;
  private final Executor blocking;
  private @Nullable CompletableFuture<Handlers> handlers;

  /** Called by Pekko Management. */
  public ProjectionRoutes(ExtendedActorSystem system) {
    this.system = system;
    this.blocking = system.dispatchers().lookup("kintsugi.management-dispatcher");
  }

  /** What needs Kintsugi. */
  private record Handlers(IdempotentCalls keys, Router router) {}

  @Override
  public Route routes(ManagementRouteProviderSettings settings) {
    boolean readOnly = settings.readOnly();
    return pathPrefix(
        PREFIX,
        () ->
            extractUnmatchedPath(
                path ->
                    path.isEmpty() || path.startsWith("/")
                        ? extractRequest(
                            request ->
                                // A change of many records takes as long as it takes.
                                withoutRequestTimeout(
                                    () -> completeWithFuture(answer(request, path, readOnly))))
                        : reject()));
  }

  private CompletionStage<HttpResponse> answer(HttpRequest request, String path, boolean readOnly) {
    return handlers(readOnly)
        .thenCompose(ready -> answer(ready, request, path, readOnly))
        .exceptionally(error -> failed(request, error));
  }

  private static HttpResponse failed(HttpRequest request, Throwable error) {
    Throwable why =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    if (why instanceof Router.MethodNotAllowed wrongMethod) {
      return HttpAnswers.problem(405, String.valueOf(wrongMethod.getMessage()))
          .addHeader(RawHeader.create("Allow", wrongMethod.allowed()));
    }
    return HttpAnswers.failed(request.method().value() + " " + request.getUri().path(), why);
  }

  /** Kintsugi, and what was made of it; where its start fails, the next request tries again. */
  private synchronized CompletableFuture<Handlers> handlers(boolean readOnly) {
    CompletableFuture<Handlers> known = handlers;
    if (known == null || known.isCompletedExceptionally()) {
      known =
          CompletableFuture.supplyAsync(
              () ->
                  new Handlers(
                      new IdempotentCalls(KintsugiNode.get(system)),
                      new Router(lines(Kintsugi.get(system), readOnly))),
              blocking);
      handlers = known;
    }
    return known;
  }

  private CompletionStage<HttpResponse> answer(
      Handlers ready, HttpRequest request, String path, boolean readOnly) {
    Router.Match match = ready.router().match(request, path);
    if (match.line().changes()) {
      if (readOnly) {
        throw new ProblemException(
            403,
            "this Management is read-only; pekko.management.http.route-providers-read-only = off"
                + " allows changes");
      }
      refuseUnreadable(request);
      refuseCrossSite(request);
      if (request.method().equals(HttpMethods.POST)) {
        refuseOtherThanJson(request);
      }
    }
    return body(request)
        .thenCompose(
            body -> {
              ApiCall call = new ApiCall(request, match.path(), body);
              return request.method().equals(HttpMethods.POST)
                  ? ready.keys().once(call, match.line().handler())
                  : match.line().handler().apply(call).thenApply(ChangeOutcome::response);
            });
  }

  /** Pekko HTTP passes on what it can't read, as it came. */
  private static void refuseUnreadable(HttpRequest request) {
    for (HttpHeader header : request.getHeaders()) {
      if (header.name().isEmpty()
          || (header instanceof RawHeader && READ.contains(header.lowercaseName()))) {
        throw new ProblemException(400, "the header '" + header.name() + "' can't be read");
      }
    }
  }

  /**
   * A browser says whether another site's page had it ask; other clients say nothing. Pages of
   * other sites can't send JSON, either, nor DELETE, without asking first, which nobody answers.
   */
  private static void refuseCrossSite(HttpRequest request) {
    Optional<String> site = ApiCall.header(request, "Sec-Fetch-Site");
    boolean isForeign =
        site.filter(from -> !from.equals("same-origin") && !from.equals("none")).isPresent();
    Optional<String> origin = ApiCall.header(request, "Origin");
    String host = ApiCall.header(request, "Host").orElse("");
    boolean isOther =
        origin
            .filter(from -> !from.equals("http://" + host) && !from.equals("https://" + host))
            .isPresent();
    if (isForeign || isOther) {
      throw new ProblemException(403, "another site's page asks for a change; that is refused");
    }
  }

  private static void refuseOtherThanJson(HttpRequest request) {
    if (!request.entity().getContentType().mediaType().equals(MediaTypes.APPLICATION_JSON)) {
      throw new ProblemException(
          415,
          "the body is %s; it is to be application/json"
              .formatted(request.entity().getContentType()));
    }
    request
        .getHeader("Content-Encoding")
        .map(header -> header.value())
        .filter(encoding -> !encoding.equals("identity"))
        .ifPresent(
            encoding -> {
              throw new ProblemException(
                  415, "the body is encoded as %s; it is to be plain".formatted(encoding));
            });
  }

  private CompletionStage<ByteString> body(HttpRequest request) {
    return request
        .entity()
        .withSizeLimit(LONGEST_READ)
        .toStrict(BODY_WITHIN.toMillis(), SystemMaterializer.get(system).materializer())
        .handle(
            (strict, error) -> {
              if (error != null) {
                throw ofBody(error);
              }
              if (strict.getData().size() > LONGEST_BODY) {
                throw tooLarge();
              }
              return strict.getData();
            });
  }

  private static ProblemException ofBody(Throwable error) {
    Throwable why = error.getCause() == null ? error : error.getCause();
    if (error instanceof EntityStreamSizeException || why instanceof EntityStreamSizeException) {
      return tooLarge();
    }
    if (error instanceof TimeoutException || why instanceof TimeoutException) {
      return new ProblemException(
          408, "the body did not come within " + BODY_WITHIN.toSeconds() + " seconds");
    }
    return new ProblemException(400, "the body can't be read: " + why.getMessage());
  }

  private static ProblemException tooLarge() {
    return new ProblemException(
        413, "the body is larger than " + LONGEST_BODY + " bytes, which are the most");
  }

  static List<Router.Line> lines(Kintsugi kintsugi, boolean readOnly) {
    ReadRoutes reads = new ReadRoutes(kintsugi, readOnly);
    ChangeRoutes changes = new ChangeRoutes(kintsugi);
    StatusEvents events = new StatusEvents(reads::projections);
    Dashboard dashboard = new Dashboard();
    List<Router.Line> lines = new ArrayList<>();
    Table table = new Table(lines);
    table.get("", reads::projections);
    table.get("/openapi.json", now(call -> openApi()));
    // Whoever begins to follow is told at once if there is nothing to be read.
    table.get(
        "/events",
        call -> kintsugi.overview().thenApply(seen -> ChangeOutcome.seen(events.stream())));
    table.get("/ui", now(dashboard::page));
    table.get("/ui/", now(call -> ChangeOutcome.seen(toPage(call))));
    table.get("/ui/uplot/{file}", now(dashboard::uplot));
    table.get("/ui/{file}", now(dashboard::asset));
    table.get("/{name}", reads::projection);
    table.change(HttpMethods.POST, "/{name}/rebuild", changes::rebuild);
    table.change(HttpMethods.DELETE, "/{name}/rebuild", changes::stopRebuild);
    table.change(HttpMethods.POST, "/{name}/approve", changes::approve);
    table.change(HttpMethods.POST, "/{name}/reject", changes::reject);
    table.change(HttpMethods.POST, "/{name}/undo", changes::undo);
    table.change(HttpMethods.POST, "/{name}/retire-replaced", changes::retireReplaced);
    table.change(HttpMethods.POST, "/{name}/rate", changes::rate);
    table.change(HttpMethods.POST, "/{name}/rename", changes::rename);
    table.change(HttpMethods.POST, "/{name}/retire", changes::retire);
    table.get("/{name}/retirement", reads::retirement);
    table.change(HttpMethods.POST, "/{name}/pause", changes::pause);
    table.change(HttpMethods.POST, "/{name}/resume", changes::resume);
    table.get("/{name}/rebuilds", reads::rebuilds);
    table.get("/{name}/rebuilds/{generation}", reads::rebuild);
    table.get("/{name}/rebuilds/{generation}/comparison", reads::comparison);
    table.get("/{name}/operations", reads::operations);
    table.change(HttpMethods.POST, "/{name}/verifications", changes::verify);
    table.get("/{name}/verifications", reads::verifications);
    table.get("/{name}/verifications/{verification}", reads::verification);
    table.change(
        HttpMethods.DELETE, "/{name}/verifications/{verification}", changes::stopVerification);
    table.get("/{name}/skips", reads::skips);
    table.change(HttpMethods.POST, "/{name}/skips/retry", changes::retryAll);
    table.change(HttpMethods.POST, "/{name}/skips/discard", changes::discardAll);
    table.get("/{name}/skips/{id}", reads::skip);
    table.change(HttpMethods.POST, "/{name}/skips/{id}/retry", changes::retry);
    table.change(HttpMethods.POST, "/{name}/skips/{id}/discard", changes::discard);
    return lines;
  }

  /** So that a line of the table is a line. */
  private record Table(List<Router.Line> lines) {
    void get(String template, Function<ApiCall, CompletionStage<ChangeOutcome>> handler) {
      lines.add(new Router.Line(HttpMethods.GET, template, false, handler));
    }

    void change(
        HttpMethod method,
        String template,
        Function<ApiCall, CompletionStage<ChangeOutcome>> handler) {
      lines.add(new Router.Line(method, template, true, handler));
    }
  }

  private static Function<ApiCall, CompletionStage<ChangeOutcome>> now(
      Function<ApiCall, ChangeOutcome> handler) {
    return call -> CompletableFuture.completedStage(handler.apply(call));
  }

  private static HttpResponse toPage(ApiCall call) {
    String path = call.request().getUri().path();
    return HttpAnswers.ofJson(308, "{}")
        .addHeader(RawHeader.create("Location", path.substring(0, path.length() - 1)));
  }

  private static ChangeOutcome openApi() {
    byte[] document =
        Dashboard.read("/dev/kintsugi/management/openapi.json")
            .orElseThrow(() -> new IllegalStateException("the jar lacks openapi.json"));
    return ChangeOutcome.seen(
        HttpAnswers.ofJson(200, new String(document, StandardCharsets.UTF_8)));
  }
}
