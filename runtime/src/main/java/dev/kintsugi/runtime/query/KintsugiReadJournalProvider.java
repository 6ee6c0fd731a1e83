package dev.kintsugi.runtime.query;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.query.JournalQueries;
import dev.kintsugi.runtime.internal.query.QuerySettings;
import dev.kintsugi.runtime.internal.query.Slices;
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
    KintsugiNode node = KintsugiNode.get(system);
    Slices slices = new Slices(Persistence.get(system));
    JournalQueries queries =
        new JournalQueries(
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
