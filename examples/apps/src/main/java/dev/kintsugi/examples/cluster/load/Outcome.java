package dev.kintsugi.examples.cluster.load;

import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What the answer to a request, or the lack of one, says of it. */
enum Outcome {
  ACKNOWLEDGED,
  REFUSED,

  /** It may be stored, or may not. */
  UNKNOWN,

  /** Nobody has seen it, so it can be sent to another node. */
  NOT_SENT;

  private static final int SERVER_ERROR = 500;
  private static final int CLIENT_ERROR = 400;

  /** One of the two is given. */
  static Outcome of(@Nullable HttpResponse<?> response, @Nullable Throwable error) {
    if (response != null) {
      return ofStatus(response.statusCode());
    }
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    return cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException
        ? NOT_SENT
        : UNKNOWN;
  }

  static Outcome ofStatus(int status) {
    if (status >= SERVER_ERROR) {
      return UNKNOWN;
    }
    return status >= CLIENT_ERROR ? REFUSED : ACKNOWLEDGED;
  }
}
