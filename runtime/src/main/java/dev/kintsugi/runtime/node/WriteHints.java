package dev.kintsugi.runtime.node;

import dev.kintsugi.runtime.event.NewEvent;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Tells whoever waits for events that this node has committed some. Only a hint when to look: what
 * is so, rows say, and what other nodes write comes with no hint. Any thread may use it.
 */
public final class WriteHints {

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
    listeners.forEach(listener -> listener.accept(streams));
  }
}
