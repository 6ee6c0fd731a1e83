package dev.kintsugi.runtime.testing;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;

import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.DeleteMessagesSuccess;
import org.apache.pekko.persistence.JournalProtocol;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.PersistentEnvelope;
import org.apache.pekko.persistence.PersistentRepr;
import scala.jdk.javaapi.CollectionConverters;

/** A journal plugin, by the messages that a persistent actor sends it. */
public final class JournalMessages {

  private static final int INSTANCE = 1;

  private final ActorRef journal;
  private final TestProbe<Object> actor;

  /** The journal of a configuration path. */
  public JournalMessages(TestSystem node, String pluginId) {
    this.journal = Persistence.get(node.system()).journalFor(pluginId, ConfigFactory.empty());
    this.actor = node.probe();
  }

  /** An event, as an actor's incarnation sends it. */
  public static PersistentRepr event(
      String persistenceId, long sequenceNumber, Object payload, String writer) {
    return PersistentRepr.apply(
        payload, sequenceNumber, persistenceId, "", false, ActorRef.noSender(), writer);
  }

  /** Stores events, all or none, and waits until the journal says that it has. */
  public void persistAll(PersistentRepr... events) {
    List<PersistentEnvelope> envelopes =
        List.of(AtomicWrite.apply(CollectionConverters.asScala(Arrays.asList(events)).toSeq()));
    tell(
        new JournalProtocol.WriteMessages(
            CollectionConverters.asScala(envelopes).toSeq(), ref(), INSTANCE));
    expect(JournalProtocol.WriteMessagesSuccessful$.class);
    for (int i = 0; i < events.length; i++) {
      expect(JournalProtocol.WriteMessageSuccess.class);
    }
  }

  /** What a recovery gets, in the order in which it gets it. */
  public List<PersistentRepr> replay(String persistenceId) {
    tell(
        new JournalProtocol.ReplayMessages(
            1, Long.MAX_VALUE, Long.MAX_VALUE, persistenceId, ref()));
    List<PersistentRepr> replayed = new ArrayList<>();
    while (true) {
      Object answer = actor.receiveMessage(PATIENCE);
      if (answer instanceof JournalProtocol.ReplayedMessage event) {
        replayed.add(event.persistent());
      } else if (answer instanceof JournalProtocol.RecoverySuccess) {
        return replayed;
      } else {
        throw new AssertionError("the replay ends with " + answer);
      }
    }
  }

  /** Deletes a stream's events up to a sequence number. */
  public void delete(String persistenceId, long upTo) {
    tell(new JournalProtocol.DeleteMessagesTo(persistenceId, upTo, ref()));
    expect(DeleteMessagesSuccess.class);
  }

  private void tell(Object message) {
    journal.tell(message, ref());
  }

  private <T> void expect(Class<T> message) {
    actor.expectMessageClass(message, PATIENCE);
  }

  private ActorRef ref() {
    return Adapter.toClassic(actor.ref());
  }
}
