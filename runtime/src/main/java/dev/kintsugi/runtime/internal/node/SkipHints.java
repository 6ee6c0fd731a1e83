package dev.kintsugi.runtime.internal.node;

import dev.kintsugi.runtime.internal.writer.WrittenAppend;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Tells recovery that this node's writers have committed skip records of a projection. Only a hint
 * when to look, as {@link WriteHints} is. Any thread may use it.
 */
public final class SkipHints {

  private final Map<String, List<Runnable>> listeners = new ConcurrentHashMap<>();

  /**
   * Asks for hints.
   *
   * @param listener is called on the writer's thread, which it must not hold up
   * @return ends it
   */
  public Runnable subscribe(String projection, Runnable listener) {
    List<Runnable> ofProjection =
        listeners.computeIfAbsent(projection, name -> new CopyOnWriteArrayList<>());
    ofProjection.add(listener);
    return () -> ofProjection.remove(listener);
  }

  /** Hints at what an append recorded, whose transaction has committed. */
  public void committed(WrittenAppend written) {
    written
        .generations()
        .forEach(
            (generation, counts) -> {
              if (!counts.recordedByReason().isEmpty()) {
                listeners.getOrDefault(generation.projection(), List.of()).forEach(Runnable::run);
              }
            });
  }
}
