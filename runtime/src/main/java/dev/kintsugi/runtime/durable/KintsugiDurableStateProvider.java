package dev.kintsugi.runtime.durable;

import dev.kintsugi.runtime.event.PayloadSerialization;
import dev.kintsugi.runtime.node.Node;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.persistence.state.DurableStateStoreProvider;

/** The durable state store plugin, by the class name that reference.conf gives. */
public final class KintsugiDurableStateProvider implements DurableStateStoreProvider {

  private final DurableStates states;
  private final ScalaDurableStates scalaStates;

  /** Made by Pekko Persistence. */
  public KintsugiDurableStateProvider(ExtendedActorSystem system) {
    this.states =
        new DurableStates(
            Node.get(system),
            new PayloadSerialization(system),
            new DurableStateTable(system.settings().config().getConfig(DurableStateTable.SECTION)));
    this.scalaStates = new ScalaDurableStates(states, system.dispatcher());
  }

  @Override
  public ScalaDurableStates scaladslDurableStateStore() {
    return scalaStates;
  }

  @Override
  public DurableStates javadslDurableStateStore() {
    return states;
  }
}
