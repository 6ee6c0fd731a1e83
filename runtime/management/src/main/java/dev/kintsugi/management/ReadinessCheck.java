package dev.kintsugi.management;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.Kintsugi;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.status.Generation;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a node can write: the schema is there, the database answers, and it knows the projections
 * that this node has started. A rebuild, a pause or a parked record makes no node unready: writers
 * go on, and what a restart would not mend is no reason for one. A readiness check of Pekko
 * Management, registered in reference.conf.
 */
public final class ReadinessCheck implements Supplier<CompletionStage<Boolean>> {

  private static final Logger log = LoggerFactory.getLogger(ReadinessCheck.class);

  private final ActorSystem system;
  private final Executor blocking;

  /** Called by Pekko Management. */
  public ReadinessCheck(ActorSystem system) {
    this.system = system;
    this.blocking = system.dispatchers().lookup("kintsugi.management-dispatcher");
  }

  @Override
  public CompletionStage<Boolean> get() {
    return CompletableFuture.supplyAsync(this::isReady, blocking);
  }

  private boolean isReady() {
    try {
      Kintsugi.get(system);
      KintsugiNode node = KintsugiNode.get(system);
      Set<String> known =
          node.database()
              .inTransaction(
                  connection ->
                      Generations.all(connection).stream()
                          .map(Generation::projection)
                          .collect(Collectors.toSet()));
      Set<String> unknown =
          node.registry().all().stream()
              .map(Projection::name)
              .filter(name -> !known.contains(name))
              .collect(Collectors.toCollection(TreeSet::new));
      if (!unknown.isEmpty()) {
        log.warn("This node is not ready: the database does not know projections {}", unknown);
      }
      return unknown.isEmpty();
    } catch (Exception e) {
      log.warn("This node is not ready: {}", e.toString());
      return false;
    }
  }
}
