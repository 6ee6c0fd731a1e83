package dev.kintsugi.runtime.query;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.node.Node;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.query.ReadJournalProvider;

/** Makes the read journal, by the class name that reference.conf gives. */
public final class KintsugiReadJournalProvider implements ReadJournalProvider {

  private final KintsugiReadJournal javaJournal;
  private final KintsugiScalaReadJournal scalaJournal;

  /** Made by Pekko Persistence Query, with the section and its path. */
  public KintsugiReadJournalProvider(ExtendedActorSystem system, Config config, String path) {
    Node node = Node.get(system);
    Slices slices = new Slices(Persistence.get(system));
    Queries queries =
        new Queries(
            Adapter.toTyped(system), node, QuerySettings.of(config), path.replace('.', '-'));
    this.javaJournal = new KintsugiReadJournal(node, queries, slices);
    this.scalaJournal = new KintsugiScalaReadJournal(javaJournal, slices);
  }

  @Override
  public KintsugiScalaReadJournal scaladslReadJournal() {
    return scalaJournal;
  }

  @Override
  public KintsugiReadJournal javadslReadJournal() {
    return javaJournal;
  }
}
