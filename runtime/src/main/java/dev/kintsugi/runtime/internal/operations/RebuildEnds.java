package dev.kintsugi.runtime.internal.operations;

import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;

/** Waits for the ends of rebuilds, whichever nodes carry them out: looks at their rows. */
public final class RebuildEnds {

  private final ActorSystem<?> system;
  private final KintsugiNode node;
  private final Duration pollInterval;

  public RebuildEnds(ActorSystem<?> system, KintsugiNode node, Duration pollInterval) {
    this.system = system;
    this.node = node;
    this.pollInterval = pollInterval;
  }

  /** The rebuild once it is done or stopped. */
  public CompletionStage<Rebuild> of(String projection, int generation) {
    return Polling.until(
        () -> ended(projection, generation),
        next -> system.scheduler().scheduleOnce(pollInterval, next, system.executionContext()));
  }

  /** Empty if it has not ended, or if the database can't tell just now. */
  private CompletionStage<Optional<Rebuild>> ended(String projection, int generation) {
    return node.inTransaction(connection -> Rebuilds.find(connection, projection, generation))
        .thenApply(found -> found.filter(rebuild -> rebuild.isDone() || rebuild.isStopped()))
        .exceptionally(
            error -> {
              if (SqlStates.isDatabaseAtFault(error)) {
                return Optional.empty();
              }
              throw new CompletionException(error);
            });
  }
}
