package dev.kintsugi.runtime.internal.hosting;

import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.schema.ReadModel;
import dev.kintsugi.runtime.internal.supervisor.ProjectionSupervisor;
import dev.kintsugi.runtime.status.ClusterTotals;
import dev.kintsugi.runtime.status.HostedProjection;
import dev.kintsugi.runtime.status.Registrations;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.pattern.Patterns;

/** Hosts every projection that was started on this node, on this node. */
final class LocalHosting implements Hosting {

  private final ActorSystem<?> system;
  private final KintsugiNode node;
  private final ProjectionSupervisor.Shared shared;
  private final Map<HostedProjection, ActorRef<ProjectionSupervisor.Command>> supervisors =
      new ConcurrentHashMap<>();

  LocalHosting(ActorSystem<?> system, KintsugiNode node) {
    this.system = system;
    this.node = node;
    this.shared = ProjectionSupervisor.Shared.start(system, node);
    CoordinatedShutdown.get(system)
        .addTask(CoordinatedShutdown.PhaseServiceStop(), "stop-projections", this::stop);
  }

  @Override
  public void host(ReadModel readModel) {
    HostedProjection id =
        new HostedProjection(readModel.projection().name(), readModel.projection().version());
    supervisors.put(
        id,
        system.systemActorOf(
            Supervisors.restarted(ProjectionSupervisor.create(node, readModel, shared)),
            "kintsugi-projection-" + id,
            Props.empty()));
  }

  @Override
  public void wake(String projection, int version) {
    ActorRef<ProjectionSupervisor.Command> supervisor =
        supervisors.get(new HostedProjection(projection, version));
    if (supervisor != null) {
      supervisor.tell(new ProjectionSupervisor.Wake());
    }
  }

  @Override
  public String self() {
    return system.address().toString();
  }

  @Override
  public CompletionStage<Map<HostedProjection, String>> locations() {
    return CompletableFuture.completedStage(
        supervisors.keySet().stream().collect(Collectors.toMap(id -> id, id -> self())));
  }

  @Override
  public CompletionStage<Registrations> registrations(String projection) {
    return CompletableFuture.completedStage(
        node.registry().find(projection).isEmpty()
            ? Registrations.NONE
            : new Registrations(Set.of(self()), Set.of()));
  }

  @Override
  public CompletionStage<ClusterTotals> totals() {
    return CompletableFuture.completedStage(node.counters().clusterTotals());
  }

  /** Rebuilds end their step and store what they did; the phase's timeout is the limit. */
  private CompletionStage<Done> stop() {
    Duration longest =
        system
            .settings()
            .config()
            .getDuration("pekko.coordinated-shutdown.default-phase-timeout")
            .plusSeconds(60);
    return CompletableFuture.allOf(
            supervisors.values().stream()
                .map(
                    supervisor ->
                        Patterns.gracefulStop(
                                Adapter.toClassic(supervisor),
                                longest,
                                new ProjectionSupervisor.Stop())
                            .toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new))
        .thenApply(all -> Done.getInstance());
  }
}
