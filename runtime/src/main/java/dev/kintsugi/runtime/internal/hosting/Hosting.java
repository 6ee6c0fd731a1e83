package dev.kintsugi.runtime.internal.hosting;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.HostedProjection;
import dev.kintsugi.runtime.status.Registrations;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * Where the supervisors of projections live. It decides only who looks at a projection's rows: two
 * owners at a time, after a split of the cluster, do no harm, and none for a while delays rebuilds
 * and recovery and no writer. Any thread may call.
 */
public interface Hosting {

  /**
   * The hosting of a node: sharded over the cluster if the actor system is in one ({@code
   * pekko.actor.provider}), else local, unless {@code kintsugi.hosting.mode} says which.
   */
  static Hosting of(ActorSystem<?> system, KintsugiNode node) {
    HostingSettings settings = HostingSettings.of(node.config().getConfig("hosting"));
    String provider = system.settings().config().getString("pekko.actor.provider");
    return settings.isSharded(provider, Hosting::isThere)
        ? new ShardedHosting(system, node, settings)
        : new LocalHosting(system, node);
  }

  private static boolean isThere(String className) {
    return Hosting.class.getClassLoader().getResource(className.replace('.', '/') + ".class")
        != null;
  }

  /**
   * Has the supervisor of a projection that this node has registered run somewhere, from now on.
   */
  void host(ReadModel readModel);

  /** Hints that rows of a projection were changed; a hint that is lost delays things by a poll. */
  void wake(String projection, int version);

  /** This node's name, as people see it. */
  String self();

  /**
   * Which node hosts which projection just now, by the nodes' names. One that is being moved, or
   * that no node hosts, is missing.
   */
  CompletionStage<Map<HostedProjection, String>> locations();

  /**
   * Which nodes have a projection registered. A node that does not answer soon, or of a version of
   * Kintsugi that can't be asked this, is among the silent ones. Of nodes that are not in this
   * actor system's cluster nothing is known.
   */
  CompletionStage<Registrations> registrations(String projection);

  /** What the nodes did; those that don't answer soon are missing, and are not counted. */
  CompletionStage<ClusterTotals> totals();
}
