package dev.kintsugi.examples.bench.failures;

import java.util.function.Predicate;

/** A bug in a handler: it is shipped, some streams' events fail, and it is repaired. */
final class Bug {

  private final Predicate<String> streams;
  private volatile boolean shipped;

  /**
   * A bug that is not shipped yet.
   *
   * @param streams by persistence id, whose events it fails, each and every one
   */
  Bug(Predicate<String> streams) {
    this.streams = streams;
  }

  void ship() {
    shipped = true;
  }

  void repair() {
    shipped = false;
  }

  /** To be called by the handler for each event, which fails by it while the bug is there. */
  void strike(String persistenceId) {
    if (shipped && streams.test(persistenceId)) {
      throw new IllegalStateException("the bug that was shipped on Friday");
    }
  }
}
