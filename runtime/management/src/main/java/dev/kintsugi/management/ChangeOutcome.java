package dev.kintsugi.management;

import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * What came of a call.
 *
 * @param changed whether it may have changed something, so that it is not to be done again by the
 *     same key
 */
record ChangeOutcome(HttpResponse response, boolean changed) {

  static ChangeOutcome seen(HttpResponse response) {
    return new ChangeOutcome(response, false);
  }

  static ChangeOutcome done(HttpResponse response) {
    return new ChangeOutcome(response, true);
  }
}
