package dev.kintsugi.runtime.hosting;

import dev.kintsugi.runtime.node.Node;
import dev.kintsugi.runtime.schema.ReadModel;
import dev.kintsugi.runtime.supervisor.ProjectionSupervisor;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Hosts every projection that was started on this node, on this node. */
public final class LocalHosting {

  private final ActorSystem<?> system;
  private final Map<String, ActorRef<ProjectionSupervisor.Command>> supervisors =
      new ConcurrentHashMap<>();

  public LocalHosting(ActorSystem<?> system) {
    this.system = system;
  }

  /** Starts the supervisor of a projection that was not started before. */
  public void host(Node node, ReadModel readModel) {
    ActorRef<ProjectionSupervisor.Command> supervisor =
        system.systemActorOf(
            Behaviors.supervise(ProjectionSupervisor.create(node, readModel))
                .onFailure(
                    SupervisorStrategy.restartWithBackoff(
                        Duration.ofMillis(200), Duration.ofSeconds(10), 0.2)),
            "kintsugi-projection-" + readModel.projection().name(),
            Props.empty());
    supervisors.put(readModel.projection().name(), supervisor);
  }

  /** The supervisor of a projection, if it was started here. */
  public Optional<ActorRef<ProjectionSupervisor.Command>> supervisorOf(String projection) {
    return Optional.ofNullable(supervisors.get(projection));
  }
}
