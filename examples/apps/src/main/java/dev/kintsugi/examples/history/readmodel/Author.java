package dev.kintsugi.examples.history.readmodel;

import dev.kintsugi.examples.history.files.FileEvent;
import java.time.Instant;

/**
 * What is known of an author: the same in every order of the changes.
 *
 * @param firstChange the earliest by the commits' clocks, not the first that came
 */
record Author(long changes, Instant firstChange, Instant lastChange) {

  static Author first(FileEvent event) {
    return new Author(1, event.at(), event.at());
  }

  Author and(FileEvent event) {
    return new Author(
        changes + 1,
        event.at().isBefore(firstChange) ? event.at() : firstChange,
        event.at().isAfter(lastChange) ? event.at() : lastChange);
  }
}
