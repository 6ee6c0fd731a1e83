package dev.kintsugi.runtime.internal.snapshot;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.event.PayloadSerialization;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.node.OutageBreaker;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.pattern.CircuitBreaker;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * The snapshot store plugin, by the class name that reference.conf gives; it only translates
 * between Pekko's Scala futures and {@link Snapshots}.
 */
public final class KintsugiSnapshotStore extends SnapshotStore {

  private final Snapshots snapshots;
  private final CircuitBreaker breaker;

  /** Made by Pekko Persistence, with the section {@code kintsugi.snapshot-store}. */
  public KintsugiSnapshotStore(Config config) {
    this.breaker = new OutageBreaker(context().system(), context().dispatcher(), config);
    this.snapshots =
        new Snapshots(
            KintsugiNode.get(context().system()),
            new PayloadSerialization(context().system()),
            new SnapshotTable(
                context().system().settings().config().getConfig(SnapshotTable.SECTION)));
  }

  /** In the place of Pekko's, which counts every failure; it can't be given another otherwise. */
  @Override
  public CircuitBreaker org$apache$pekko$persistence$snapshot$SnapshotStore$$breaker() {
    return breaker;
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return FutureConverters.asScala(snapshots.load(persistenceId, criteria));
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    return end(snapshots.save(metadata, snapshot));
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    return end(snapshots.delete(metadata));
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return end(snapshots.delete(persistenceId, criteria));
  }

  /** Mapped as a Scala future: a Java stage that depends on another wraps what that failed with. */
  private Future<Void> end(CompletionStage<Done> stage) {
    return FutureConverters.asScala(stage).map(done -> null, context().dispatcher());
  }
}
