package dev.kintsugi.runtime.durable;

import dev.kintsugi.runtime.internal.durable.DurableStateTable;
import dev.kintsugi.runtime.internal.durable.StateChanges;
import dev.kintsugi.runtime.internal.durable.StateRow;
import dev.kintsugi.runtime.internal.durable.TurnsPerState;
import dev.kintsugi.runtime.internal.event.PayloadSerialization;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.node.KintsugiNode;
import dev.kintsugi.runtime.internal.schema.TableErrors;
import dev.kintsugi.runtime.persistence.RevisionConflictException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.query.DurableStateChange;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.javadsl.DurableStateStoreQuery;
import org.apache.pekko.persistence.query.typed.javadsl.DurableStateStoreBySliceQuery;
import org.apache.pekko.persistence.state.exception.DeleteRevisionException;
import org.apache.pekko.persistence.state.javadsl.DurableStateUpdateStore;
import org.apache.pekko.persistence.state.javadsl.GetObjectResult;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable state store for Java, to be had of Pekko's {@code DurableStateStoreRegistry} as
 * {@code kintsugi.durable-state}. Each call is a transaction of its own, on a blocking thread; so
 * is the serialization. Threads may share it.
 *
 * <p>Calls of one state run in the order in which this node made them: Pekko's {@code
 * DurableStateBehavior} does not wait for the end of a deletion before it writes again.
 *
 * <p>A revision, also that of a deletion, is the one after the stored one, as Pekko's {@code
 * DurableStateBehavior} counts them. (Version 1.1.1 of the stock plugin expects the stored one for
 * a deletion, so that the behavior's own deletions fail.) A state that is not there agrees with
 * every revision.
 *
 * <p>Changes, by tag or by slices, come in the order of their global offsets, which are the query's
 * ({@link org.apache.pekko.persistence.query.Sequence}), and only as far as that order is final
 * (DESIGN 4): a change that commits late is never passed over. The table has each state's last
 * change alone. So a live query hands out the newest change of each state and may leave out those
 * before, a current one leaves out a state that is changed while it runs, and a deletion is seen by
 * none, as the row is gone. Sources fail when the database does, or when a state can't be
 * deserialized, which names it.
 */
public final class DurableStates
    implements DurableStateUpdateStore<Object>,
        DurableStateStoreQuery<Object>,
        DurableStateStoreBySliceQuery<Object> {

  private static final Logger log = LoggerFactory.getLogger(DurableStates.class);

  private final KintsugiNode node;
  private final PayloadSerialization serialization;
  private final DurableStateTable table;
  private final StateChanges changes;
  private final TurnsPerState turns = new TurnsPerState();

  DurableStates(
      KintsugiNode node,
      PayloadSerialization serialization,
      DurableStateTable table,
      StateChanges changes) {
    this.node = node;
    this.serialization = serialization;
    this.table = table;
    this.changes = changes;
  }

  /**
   * Reads a state; one that is not there has no value and the revision 0. Fails with an {@link
   * IllegalStateException} that names it if it can't be deserialized.
   */
  @Override
  public CompletionStage<GetObjectResult<Object>> getObject(String persistenceId) {
    return inTurn(
        persistenceId,
        () ->
            inTransaction(
                    "state " + persistenceId, connection -> table.find(connection, persistenceId))
                .map(
                    row ->
                        new GetObjectResult<>(
                            Optional.of(serialization.deserialize(row.state(), row::forPeople)),
                            row.revision()))
                .orElseGet(() -> new GetObjectResult<>(Optional.empty(), 0)));
  }

  /**
   * Writes a state's next revision. Fails with a {@link RevisionConflictException} if the stored
   * revision is not the one before it.
   *
   * @param revision 1 or more
   * @param tag null or blank for none
   */
  @Override
  public CompletionStage<Done> upsertObject(
      String persistenceId, long revision, Object value, @Nullable String tag) {
    return inTurn(
        persistenceId,
        () -> {
          if (revision < 1) {
            throw new IllegalArgumentException(
                "The first revision of a state is 1; %d was given for state %s"
                    .formatted(revision, persistenceId));
          }
          StateRow row =
              new StateRow(
                  persistenceId,
                  revision,
                  serialization.serialize(value),
                  tag == null || tag.trim().isEmpty() ? null : tag,
                  System.currentTimeMillis());
          OptionalLong stored =
              inTransaction(row.forPeople(), connection -> table.upsert(connection, row));
          if (stored.isPresent()) {
            throw new RevisionConflictException(
                conflict(row.forPeople() + " can't be written", revision, stored.getAsLong()));
          }
          changes.written();
          return Done.getInstance();
        });
  }

  private static String conflict(String what, long revision, long stored) {
    return "%s: %s is expected to be stored, and revision %d is. Another writer was there, or the given revision is not the next one. Nothing was changed."
        .formatted(what, revision == 1 ? "none" : "revision " + (revision - 1), stored);
  }

  /** Deletes a state, whatever its revision, and whether it is there or not. */
  @Override
  @Deprecated
  public CompletionStage<Done> deleteObject(String persistenceId) {
    return inTurn(
        persistenceId,
        () ->
            inTransaction(
                "state " + persistenceId,
                connection -> {
                  table.delete(connection, persistenceId);
                  return Done.getInstance();
                }));
  }

  /**
   * Deletes a state as its next revision. Fails with a {@link DeleteRevisionException} if the
   * stored revision is not the one before it. A failure is logged, too: Pekko's behavior drops it.
   */
  @Override
  public CompletionStage<Done> deleteObject(String persistenceId, long revision) {
    return inTurn(
        persistenceId,
        () -> {
          try {
            delete(persistenceId, revision);
            return Done.getInstance();
          } catch (Exception e) {
            log.warn("State {} is not deleted as revision {}", persistenceId, revision, e);
            throw e;
          }
        });
  }

  private void delete(String persistenceId, long revision) throws Exception {
    OptionalLong stored =
        inTransaction(
            "state " + persistenceId,
            connection -> table.delete(connection, persistenceId, revision));
    if (stored.isPresent()) {
      throw new DeleteRevisionException(
          conflict(
              "State %s can't be deleted as revision %d".formatted(persistenceId, revision),
              revision,
              stored.getAsLong()));
    }
  }

  // Changes

  @Override
  public Source<DurableStateChange<Object>, NotUsed> changes(String tag, Offset offset) {
    return changes.live(changes.tagged(tag), offset);
  }

  @Override
  public Source<DurableStateChange<Object>, NotUsed> currentChanges(String tag, Offset offset) {
    return changes.current(changes.tagged(tag), offset);
  }

  @Override
  public Source<DurableStateChange<Object>, NotUsed> changesBySlices(
      String entityType, int minSlice, int maxSlice, Offset offset) {
    return changes.live(changes.ofSlices(entityType, minSlice, maxSlice), offset);
  }

  @Override
  public Source<DurableStateChange<Object>, NotUsed> currentChangesBySlices(
      String entityType, int minSlice, int maxSlice, Offset offset) {
    return changes.current(changes.ofSlices(entityType, minSlice, maxSlice), offset);
  }

  @Override
  public int sliceForPersistenceId(String persistenceId) {
    return changes.slices().of(persistenceId);
  }

  @Override
  public List<Pair<Integer, Integer>> sliceRanges(int numberOfRanges) {
    return changes.slices().ranges(numberOfRanges);
  }

  private <T> CompletionStage<T> inTurn(String persistenceId, Callable<T> work) {
    return turns.inTurn(persistenceId, () -> node.onBlockingThread(work));
  }

  private <T> T inTransaction(String what, Database.Work<T> work) throws Exception {
    try {
      return node.database().inTransaction(work);
    } catch (SQLException e) {
      throw TableErrors.explain(e, what, table.name(), DurableStateTable.SECTION);
    }
  }
}
