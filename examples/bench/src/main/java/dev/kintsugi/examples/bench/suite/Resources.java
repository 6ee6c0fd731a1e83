package dev.kintsugi.examples.bench.suite;

import java.util.ArrayDeque;
import java.util.Deque;

/** What was opened, to be closed in the opposite order, whatever becomes of it. */
final class Resources implements AutoCloseable {

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  <T extends AutoCloseable> T add(T resource) {
    opened.push(resource);
    return resource;
  }

  /** Closes all, even if one of them fails; throws what the first to fail threw. */
  @Override
  public void close() throws Exception {
    if (!opened.isEmpty()) {
      AutoCloseable last = opened.pop();
      try (Resources others = this) {
        last.close();
      }
    }
  }
}
