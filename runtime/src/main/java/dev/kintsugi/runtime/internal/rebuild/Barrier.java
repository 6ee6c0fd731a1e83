package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.state.Fence;
import dev.kintsugi.runtime.internal.state.Rebuilds;
import dev.kintsugi.runtime.status.Rebuild;
import java.sql.Connection;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a rebuild waits for before it goes on: fences, which stand in its row, and proofs that the
 * journal is final, which are in this owner's memory alone. Not thread-safe.
 */
final class Barrier {

  private static final Logger log = LoggerFactory.getLogger(Barrier.class);

  private final Database database;
  private final Supplier<CompletionStage<Long>> proofs;

  /**
   * The fence that this owner has seen not to have passed, or has taken. One that had passed before
   * is not measured: when that was, nobody knows.
   */
  private @Nullable Fence awaited;

  /** Up to which ordering the journal is final, once it is proven. */
  private @Nullable CompletableFuture<Long> proof;

  /**
   * One of an owner.
   *
   * @param proofs begins a proof that the journal is final up to an ordering, which is at least the
   *     highest that is committed by then
   */
  Barrier(Database database, Supplier<CompletionStage<Long>> proofs) {
    this.database = database;
    this.proofs = proofs;
  }

  /**
   * Waits for the fence of the phase that the rebuild is in; takes it first, if there is none.
   *
   * @return what there is to do instead of going on; empty once it has passed
   * @throws Exception if the database is at fault
   */
  Optional<RebuildStep> fence(Rebuild rebuild, RebuildListener listener) throws Exception {
    Fence fence = Fence.of(rebuild.fence());
    if (fence == null) {
      return Optional.of(take(rebuild));
    }
    return hasPassed(rebuild, fence, listener)
        ? Optional.empty()
        : Optional.of(new RebuildStep.Waiting("fence " + fence.xid()));
  }

  private RebuildStep take(Rebuild rebuild) throws Exception {
    Fence fence;
    try (Connection connection = database.connection()) {
      fence = Fence.take(connection);
    }
    if (!database.inTransaction(connection -> Rebuilds.setFence(connection, rebuild, fence))) {
      return new RebuildStep.NotOurs("another owner took a fence");
    }
    awaited = fence;
    return new RebuildStep.Done("took fence " + fence.xid());
  }

  private boolean hasPassed(Rebuild rebuild, Fence fence, RebuildListener listener)
      throws Exception {
    Fence.Look found = database.inTransaction(fence::look);
    if (found == Fence.Look.AWAITED) {
      awaited = fence;
    } else if (found == Fence.Look.OF_ANOTHER_CLUSTER) {
      forget(rebuild, fence);
    }
    if (found != Fence.Look.PASSED) {
      return false;
    }
    if (fence.equals(awaited) && rebuild.fenceAt() != null) {
      listener.fencePassed(Duration.between(rebuild.fenceAt(), rebuild.readAt()));
    }
    awaited = null;
    return true;
  }

  /**
   * What an id of another cluster waits for has ended with that cluster; the next look takes ours.
   */
  private void forget(Rebuild rebuild, Fence fence) throws Exception {
    if (database.inTransaction(connection -> Rebuilds.forgetFence(connection, rebuild, fence))) {
      log.info(
          "Rebuild of projection '{}', generation {}: its fence {} is above every transaction id of this"
              + " cluster, so it was taken in another one that this database was copied from; another is taken",
          rebuild.projection(),
          rebuild.generation(),
          fence.xid());
    }
  }

  /**
   * An ordering up to which the journal is final. Its proof begins with the first call, and another
   * owner begins it anew.
   *
   * @return empty while it is not proven
   * @throws Exception if the database is at fault
   */
  OptionalLong proven() throws Exception {
    CompletableFuture<Long> begun = proof;
    if (begun == null) {
      begun = proofs.get().toCompletableFuture();
      proof = begun;
    }
    if (!begun.isDone()) {
      return OptionalLong.empty();
    }
    proof = null;
    try {
      return OptionalLong.of(begun.get());
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** What a step answers while {@link #proven} is empty. */
  static RebuildStep waitingForProof() {
    return new RebuildStep.Waiting("the proof that the journal is final up to its end");
  }
}
