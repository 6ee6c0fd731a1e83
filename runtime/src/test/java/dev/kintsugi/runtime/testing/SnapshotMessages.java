package dev.kintsugi.runtime.testing;

import static dev.kintsugi.runtime.testing.TestSystem.PATIENCE;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.Optional;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.persistence.DeleteSnapshotSuccess;
import org.apache.pekko.persistence.DeleteSnapshotsSuccess;
import org.apache.pekko.persistence.Persistence;
import org.apache.pekko.persistence.SaveSnapshotFailure;
import org.apache.pekko.persistence.SaveSnapshotSuccess;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotProtocol;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import scala.jdk.javaapi.OptionConverters;

/** A snapshot store plugin, by the messages that a persistent actor sends it. */
public final class SnapshotMessages {

  private final ActorRef store;

  /** The snapshot store of a configuration path. */
  public SnapshotMessages(TestSystem node, String pluginId) {
    this.store = Persistence.get(node.system()).snapshotStoreFor(pluginId, ConfigFactory.empty());
  }

  private Object ask(Object message) throws Exception {
    return get(Patterns.ask(store, message, PATIENCE));
  }

  /** Saves, and returns the metadata with the timestamp that the store gave it. */
  public SnapshotMetadata save(SnapshotMetadata metadata, Object snapshot) throws Exception {
    Object answer = ask(new SnapshotProtocol.SaveSnapshot(metadata, snapshot));
    assertThat(answer).isInstanceOf(SaveSnapshotSuccess.class);
    return ((SaveSnapshotSuccess) answer).metadata();
  }

  /** Saves, and returns why that failed. */
  public Throwable saveFails(SnapshotMetadata metadata, Object snapshot) throws Exception {
    Object answer = ask(new SnapshotProtocol.SaveSnapshot(metadata, snapshot));
    assertThat(answer).isInstanceOf(SaveSnapshotFailure.class);
    return ((SaveSnapshotFailure) answer).cause();
  }

  /** Loads the latest snapshot that matches. */
  public Optional<SelectedSnapshot> load(String persistenceId, SnapshotSelectionCriteria criteria)
      throws Exception {
    Object answer = ask(new SnapshotProtocol.LoadSnapshot(persistenceId, criteria, Long.MAX_VALUE));
    assertThat(answer).isInstanceOf(SnapshotProtocol.LoadSnapshotResult.class);
    return OptionConverters.toJava(((SnapshotProtocol.LoadSnapshotResult) answer).snapshot());
  }

  /** Loads the latest snapshot. */
  public Optional<SelectedSnapshot> load(String persistenceId) throws Exception {
    return load(persistenceId, SnapshotSelectionCriteria.latest());
  }

  /** Loads the latest snapshot, and returns why that failed. */
  public Throwable loadFails(String persistenceId) throws Exception {
    Object answer =
        ask(
            new SnapshotProtocol.LoadSnapshot(
                persistenceId, SnapshotSelectionCriteria.latest(), Long.MAX_VALUE));
    assertThat(answer).isInstanceOf(SnapshotProtocol.LoadSnapshotFailed.class);
    return ((SnapshotProtocol.LoadSnapshotFailed) answer).cause();
  }

  /** Deletes one snapshot. */
  public void delete(SnapshotMetadata metadata) throws Exception {
    assertThat(ask(new SnapshotProtocol.DeleteSnapshot(metadata)))
        .isEqualTo(new DeleteSnapshotSuccess(metadata));
  }

  /** Deletes all snapshots that match. */
  public void delete(String persistenceId, SnapshotSelectionCriteria criteria) throws Exception {
    assertThat(ask(new SnapshotProtocol.DeleteSnapshots(persistenceId, criteria)))
        .isEqualTo(new DeleteSnapshotsSuccess(criteria));
  }
}
