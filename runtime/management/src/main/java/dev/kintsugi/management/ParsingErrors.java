package dev.kintsugi.management;

import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/**
 * Answers what is so malformed that it reaches no route: with a problem (RFC 9457), as the routes
 * do, and as the client's fault. By default Pekko HTTP answers an unknown method, version or
 * transfer coding with 501 or 505, which whoever watches a server takes for its own failure.
 *
 * <p>An application activates it for all its HTTP servers: {@code
 * pekko.http.server.parsing.error-handler = "dev.kintsugi.management.ParsingErrors"}. Any thread
 * may call it.
 */
public final class ParsingErrors extends ParsingErrorHandler {

  private static final int BAD_REQUEST = 400;
  private static final int LOWEST_OF_SERVERS = 500;

  /** Called by Pekko HTTP. */
  public ParsingErrors() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
    // Not 405: that says which methods the path has, and here no path is known.
    int answered = status.intValue() < LOWEST_OF_SERVERS ? status.intValue() : BAD_REQUEST;
    String why = error.format(settings.getVerboseErrorMessages());
    log.debug("A request can't be read: {}", error.formatPretty());
    return HttpAnswers.problem(answered, why.isBlank() ? status.defaultMessage() : why);
  }
}
