package dev.kintsugi.management;

import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * What came of a call.
 *
 * @param changed whether it may have changed something, so that it is not to be done again by the
 *     same key
 */
record Outcome(HttpResponse response, boolean changed) {

  static Outcome seen(HttpResponse response) {
    return new Outcome(response, false);
  }

  static Outcome done(HttpResponse response) {
    return new Outcome(response, true);
  }
}
