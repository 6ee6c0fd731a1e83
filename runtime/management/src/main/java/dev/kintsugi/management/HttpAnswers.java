package dev.kintsugi.management;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.operations.NewerVersionException;
import dev.kintsugi.runtime.operations.NotRenamedException;
import dev.kintsugi.runtime.operations.RebuildImpossibleException;
import dev.kintsugi.runtime.operations.RebuildInProgressException;
import dev.kintsugi.runtime.operations.UnknownProjectionException;
import dev.kintsugi.runtime.persistence.DatabaseUnavailableException;
import dev.kintsugi.runtime.verify.NotVerifiableException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Responses: JSON that is kept by no cache, and problems for all that went wrong. */
final class HttpAnswers {

  private static final Logger log = LoggerFactory.getLogger(HttpAnswers.class);

  private static final ContentType PROBLEM =
      ContentTypes.create(
          MediaTypes.applicationWithFixedCharset("problem+json", HttpCharsets.UTF_8, "json"));

  private static final RawHeader NO_STORE = RawHeader.create("Cache-Control", "no-store");
  private static final RawHeader NO_SNIFF = RawHeader.create("X-Content-Type-Options", "nosniff");

  private HttpAnswers() {}

  static HttpResponse json(int status, Object value) {
    return ofJson(status, JsonWriting.text(value));
  }

  static HttpResponse ofJson(int status, String json) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, json))
        .addHeader(NO_STORE)
        .addHeader(NO_SNIFF);
  }

  static HttpResponse problem(int status, String detail) {
    Map<String, Object> problem = new LinkedHashMap<>();
    problem.put("type", "about:blank");
    problem.put("title", StatusCodes.get(status).reason());
    problem.put("status", status);
    problem.put("detail", detail);
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(
            HttpEntities.create(
                PROBLEM, JsonWriting.text(problem).getBytes(StandardCharsets.UTF_8)))
        .addHeader(NO_STORE)
        .addHeader(NO_SNIFF);
  }

  /** The problem that an error comes to. What is nobody's request's fault is logged. */
  static HttpResponse failed(String request, Throwable error) {
    Throwable why = error;
    while (why instanceof CompletionException && why.getCause() != null) {
      why = why.getCause();
    }
    if (why instanceof ProblemException problem) {
      return problem(problem.status(), problem.detail());
    } else if (why instanceof UnknownProjectionException) {
      return problem(404, String.valueOf(why.getMessage()));
    } else if (why instanceof RebuildInProgressException
        || why instanceof NewerVersionException
        || why instanceof NotRenamedException
        || why instanceof RebuildImpossibleException
        || why instanceof NotVerifiableException) {
      return problem(409, String.valueOf(why.getMessage()));
    } else if (why instanceof DatabaseUnavailableException
        || why instanceof TimeoutException
        || SqlStates.isDatabaseAtFault(why)) {
      log.warn("{} was not answered: the database is at fault", request, why);
      return problem(
          503,
          "the database did not answer, or failed: "
              + String.valueOf(why.getMessage())
                  .lines()
                  .findFirst()
                  .map(line -> line.replaceAll("\\.$", ""))
                  .orElse("")
              + ". Try again; whether a change was made, the history says.");
    }
    log.error("{} failed", request, why);
    return problem(
        500, "it failed, and the log of this node says why: " + why.getClass().getName());
  }
}
