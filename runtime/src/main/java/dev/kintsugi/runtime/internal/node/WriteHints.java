package dev.kintsugi.runtime.internal.node;

import dev.kintsugi.runtime.internal.event.NewEvent;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells whoever waits for events that this node has committed some. Only a hint when to look: what
 * is so, rows say, and what other nodes write comes with no hint. Any thread may use it.
 */
public final class WriteHints {

  private static final Logger log = LoggerFactory.getLogger(WriteHints.class);

  private final List<Consumer<Set<String>>> listeners = new CopyOnWriteArrayList<>();

  /**
   * Asks for hints.
   *
   * @param listener gets the persistence ids of the streams written to, on the writer's thread,
   *     which it must not hold up
   */
  public void subscribe(Consumer<Set<String>> listener) {
    listeners.add(listener);
  }

  /** Hints at events whose transaction has committed. */
  public void committed(List<NewEvent> events) {
    if (listeners.isEmpty()) {
      return;
    }
    Set<String> streams = new HashSet<>();
    events.forEach(event -> streams.add(event.row().persistenceId()));
    for (Consumer<Set<String>> listener : listeners) {
      try {
        listener.accept(streams);
      } catch (RuntimeException e) {
        // The events are stored, whoever could not be told of it.
        log.warn("A listener failed on the hint that {} were written to", streams, e);
      }
    }
  }
}
