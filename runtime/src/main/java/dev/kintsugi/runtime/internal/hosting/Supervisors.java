package dev.kintsugi.runtime.internal.hosting;

import dev.kintsugi.runtime.internal.supervisor.ProjectionSupervisor;
import java.time.Duration;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** Starts supervisors again that fail, wherever they live. */
final class Supervisors {

  private Supervisors() {}

  static Behavior<ProjectionSupervisor.Command> restarted(
      Behavior<ProjectionSupervisor.Command> supervisor) {
    return Behaviors.supervise(supervisor)
        .onFailure(
            SupervisorStrategy.restartWithBackoff(
                Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
  }
}
