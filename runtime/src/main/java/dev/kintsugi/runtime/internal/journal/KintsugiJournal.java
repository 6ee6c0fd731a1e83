package dev.kintsugi.runtime.internal.journal;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.node.OutageBreaker;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.pattern.CircuitBreaker;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentEnvelope;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import scala.collection.immutable.Seq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * The journal plugin, by the class name that reference.conf gives; it only translates between
 * Pekko's Scala futures and {@link JournalLanes}.
 */
public final class KintsugiJournal extends AsyncWriteJournal {

  private final JournalLanes lanes;
  private final CircuitBreaker breaker;

  /** Made by Pekko Persistence, with the section {@code kintsugi.journal}. */
  public KintsugiJournal(Config config) {
    KintsugiNode node = KintsugiNode.get(context().system());
    this.breaker = new OutageBreaker(context().system(), context().dispatcher(), config);
    this.lanes = new JournalLanes(node, node.codec(), JournalSettings.of(node.config()));
  }

  /** In the place of Pekko's, which counts every failure; it can't be given another otherwise. */
  @Override
  public CircuitBreaker org$apache$pekko$persistence$journal$AsyncWriteJournal$$breaker() {
    return breaker;
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    return future(lanes.write(messages));
  }

  /**
   * Runs the event adapters. Where one throws, Pekko rejects the writes and never asks the plugin;
   * but their numbers are used up.
   */
  @Override
  public Seq<AtomicWrite> preparePersistentBatch(Seq<PersistentEnvelope> envelopes) {
    try {
      return super.preparePersistentBatch(envelopes);
    } catch (RuntimeException e) {
      for (PersistentEnvelope envelope : CollectionConverters.asJava(envelopes)) {
        if (envelope instanceof AtomicWrite atomicWrite) {
          lanes.rejectedByAdapter(atomicWrite);
        }
      }
      throw e;
    }
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return future(lanes.deleteUpTo(persistenceId, toSequenceNr).thenAccept(done -> {}));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replayCallback) {
    return future(
        lanes
            .replay(persistenceId, fromSequenceNr, toSequenceNr, max, replayCallback)
            .thenAccept(done -> {}));
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return future(lanes.highestSequenceNumber(persistenceId, fromSequenceNr));
  }

  @Override
  public void postStop() throws Exception {
    lanes.close();
    super.postStop();
  }

  /** As a Scala future that fails with the error itself, which Java's stages wrap on their way. */
  private static <T> Future<T> future(CompletionStage<T> stage) {
    CompletableFuture<T> result = new CompletableFuture<>();
    stage.whenComplete(
        (value, error) -> {
          if (error == null) {
            result.complete(value);
          } else {
            result.completeExceptionally(
                error instanceof CompletionException && error.getCause() != null
                    ? error.getCause()
                    : error);
          }
        });
    return FutureConverters.asScala(result);
  }
}
