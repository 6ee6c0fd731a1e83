package dev.kintsugi.runtime.durable;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.durable.DurableStateTable;
import dev.kintsugi.runtime.internal.durable.StateChanges;
import dev.kintsugi.runtime.internal.durable.StatePages;
import dev.kintsugi.runtime.internal.event.PayloadSerialization;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.query.FinalPages;
import dev.kintsugi.runtime.internal.query.QuerySettings;
import dev.kintsugi.runtime.internal.query.Slices;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.state.DurableStateStoreProvider;

/** The durable state store plugin, by the class name that reference.conf gives. */
public final class KintsugiDurableStateProvider implements DurableStateStoreProvider {

  private final DurableStates states;
  private final ScalaDurableStates scalaStates;

  /** Made by Pekko Persistence, with the section and its path. */
  public KintsugiDurableStateProvider(ExtendedActorSystem system, Config config, String path) {
    KintsugiNode node = KintsugiNode.get(system);
    QuerySettings settings = QuerySettings.of(node.config().getConfig("query"));
    PayloadSerialization serialization = new PayloadSerialization(system);
    DurableStateTable table =
        new DurableStateTable(system.settings().config().getConfig(DurableStateTable.SECTION));
    Slices slices = new Slices(Persistence.get(system));
    FinalPages inOrder =
        new FinalPages(
            Adapter.toTyped(system), node, table.offsets(), settings, path.replace('.', '-'));
    StateChanges changes =
        new StateChanges(
            inOrder, new StatePages(table, settings.batchSize()), table, serialization, slices);
    this.states = new DurableStates(node, serialization, table, changes);
    this.scalaStates = new ScalaDurableStates(states, slices, system.dispatcher());
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
