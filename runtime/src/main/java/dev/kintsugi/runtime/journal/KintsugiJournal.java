package dev.kintsugi.runtime.journal;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.node.Node;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * The journal plugin, by the class name that reference.conf gives; it only translates between
 * Pekko's Scala futures and {@link JournalLanes}.
 */
public final class KintsugiJournal extends AsyncWriteJournal {

  private final JournalLanes lanes;

  /** Made by Pekko Persistence, with the section {@code kintsugi.journal}. */
  public KintsugiJournal(Config config) {
    Node node = Node.get(context().system());
    this.lanes = new JournalLanes(node, node.codec(), JournalSettings.of(config));
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    return FutureConverters.asScala(lanes.write(messages));
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return FutureConverters.asScala(
        lanes.deleteUpTo(persistenceId, toSequenceNr).thenAccept(done -> {}));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replayCallback) {
    return FutureConverters.asScala(
        lanes
            .replay(persistenceId, fromSequenceNr, toSequenceNr, max, replayCallback)
            .thenAccept(done -> {}));
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return FutureConverters.asScala(lanes.highestSequenceNumber(persistenceId));
  }

  @Override
  public void postStop() throws Exception {
    lanes.close();
    super.postStop();
  }
}
