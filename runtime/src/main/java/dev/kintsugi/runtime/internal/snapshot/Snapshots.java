package dev.kintsugi.runtime.internal.snapshot;

import dev.kintsugi.runtime.internal.event.PayloadSerialization;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.schema.TableErrors;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;

/**
 * The snapshot store without the actor around it: Pekko's contract on {@link CompletionStage}.
 * Serialization, too, runs on a blocking thread, and while no connection is held: snapshots may be
 * large.
 */
final class Snapshots {

  private final KintsugiNode node;
  private final PayloadSerialization serialization;
  private final SnapshotTable table;

  Snapshots(KintsugiNode node, PayloadSerialization serialization, SnapshotTable table) {
    this.node = node;
    this.serialization = serialization;
    this.table = table;
  }

  /**
   * The latest snapshot of a stream that matches. Fails, naming it, if that one can't be
   * deserialized: an older one, or none, might not be the whole state, as events may be deleted.
   */
  CompletionStage<Optional<SelectedSnapshot>> load(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return node.onBlockingThread(
        () ->
            inTransaction(
                    "the snapshots of stream " + persistenceId,
                    connection -> table.latest(connection, persistenceId, criteria))
                .map(this::deserialized));
  }

  private SelectedSnapshot deserialized(SnapshotRow row) {
    Object snapshot = serialization.deserialize(row.snapshot(), row::forPeople);
    SnapshotMetadata metadata =
        new SnapshotMetadata(row.persistenceId(), row.sequenceNumber(), row.created());
    if (row.metadata() != null) {
      metadata =
          metadata.withMetadata(
              serialization.deserialize(
                  row.metadata(), () -> "the metadata of " + row.forPeople()));
    }
    return SelectedSnapshot.create(metadata, snapshot);
  }

  /** Saves a snapshot; one of the same sequence number is replaced. */
  CompletionStage<Done> save(SnapshotMetadata metadata, Object snapshot) {
    return node.onBlockingThread(
        () -> {
          SnapshotRow row =
              new SnapshotRow(
                  metadata.persistenceId(),
                  metadata.sequenceNr(),
                  metadata.timestamp(),
                  serialization.serialize(snapshot),
                  metadata.metadata().isEmpty()
                      ? null
                      : serialization.serialize(metadata.metadata().get()));
          return inTransaction(
              row.forPeople(),
              connection -> {
                table.save(connection, row);
                return Done.getInstance();
              });
        });
  }

  /**
   * Deletes one snapshot. A timestamp of 0 is an unknown one; with any other, a snapshot that has
   * replaced the one that is meant stays.
   */
  CompletionStage<Done> delete(SnapshotMetadata metadata) {
    boolean anyTimestamp = metadata.timestamp() == 0;
    return delete(
        metadata.persistenceId(),
        SnapshotSelectionCriteria.create(
            metadata.sequenceNr(),
            anyTimestamp ? Long.MAX_VALUE : metadata.timestamp(),
            metadata.sequenceNr(),
            anyTimestamp ? Long.MIN_VALUE : metadata.timestamp()));
  }

  /** Deletes all snapshots of a stream that match. */
  CompletionStage<Done> delete(String persistenceId, SnapshotSelectionCriteria criteria) {
    return node.onBlockingThread(
        () ->
            inTransaction(
                "the snapshots of stream " + persistenceId,
                connection -> {
                  table.delete(connection, persistenceId, criteria);
                  return Done.getInstance();
                }));
  }

  private <T> T inTransaction(String what, Database.Work<T> work) throws Exception {
    try {
      return node.database().inTransaction(work);
    } catch (SQLException e) {
      throw TableErrors.explain(e, what, table.name(), SnapshotTable.SECTION);
    }
  }
}
