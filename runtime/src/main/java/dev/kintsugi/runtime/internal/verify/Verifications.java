package dev.kintsugi.runtime.internal.verify;

import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.verify.NotVerifiableException;
import dev.kintsugi.runtime.verify.Verification;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The verifications that this node carries out, one after the other: for those who wait for them,
 * and for those who can't, these on record in {@code kintsugi_verification} ({@link
 * VerificationRuns}). While there are any, they have connections of their own, so that writers have
 * theirs.
 *
 * <p>Any thread may call that may block.
 */
public final class Verifications implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Verifications.class);

  /** One has the snapshot, and one the temporary tables. */
  private static final int OF_ONE = 2;

  /** One more has the locks of those that are on record. */
  private static final int OF_THOSE_ON_RECORD = OF_ONE + 1;

  private final Database database;
  private final IntFunction<Database> opener;
  private final Function<Database, Verifier> verifiers;
  private final String node;
  private final Executor thread;

  private @Nullable Own own;

  /** Of the one that is under way and not on record. */
  private @Nullable Database unrecorded;

  private boolean closed;

  /** What there is while there is something to verify. */
  private record Own(Database database, VerificationSession session, Verifier verifier) {
    void close() {
      try {
        session.close();
      } catch (SQLException e) {
        log.debug("The session of verifications did not close cleanly", e);
      }
      database.close();
    }
  }

  /**
   * Verifications of a node.
   *
   * @param database the node's, for looks at rows
   * @param opener opens so many connections besides, which are closed here
   * @param verifiers makes a verifier on them
   * @param node its name, as people see it
   * @param thread runs one after the other
   */
  public Verifications(
      Database database,
      IntFunction<Database> opener,
      Function<Database, Verifier> verifiers,
      String node,
      Executor thread) {
    this.database = database;
    this.opener = opener;
    this.verifiers = verifiers;
    this.node = node;
    this.thread = thread;
  }

  /**
   * Puts a verification of a projection on record, and has it carried out as soon as those before
   * it have ended.
   *
   * @return its number; empty if the database knows no such projection
   * @throws NotVerifiableException if the projection is being rebuilt, or verified, or this build
   *     has no handler for it, or the node is shutting down; nothing is on record then
   * @throws Exception if the database is at fault
   */
  public synchronized Optional<Integer> begin(String projection, String requestedBy, String reason)
      throws Exception {
    refuseIfClosed();
    Optional<Generation> found =
        database.inTransaction(
            connection -> {
              VerificationRuns.abandonLost(connection, projection);
              return Generations.find(connection, projection);
            });
    if (found.isEmpty()) {
      return Optional.empty();
    }
    verifiers.apply(database).verifiable(found.get());
    Own used = open();
    try {
      int id =
          used.session()
              .begin(found.get(), requestedBy, reason, node)
              .orElseThrow(() -> new NotVerifiableException(isOpen(projection)));
      thread.execute(() -> run(used, projection, id));
      return Optional.of(id);
    } finally {
      closeIfIdle();
    }
  }

  /**
   * Verifies a projection as soon as those before it have ended, with connections of its own while
   * it does, and puts nothing on record.
   *
   * @return what came of it; empty if the database knows no such projection. Fails as {@link
   *     Verifier#verify} does, and with {@link NotVerifiableException} if the node is shutting down
   */
  public CompletionStage<Optional<Verification>> verify(String projection) {
    CompletableFuture<Optional<Verification>> result = new CompletableFuture<>();
    thread.execute(
        () -> {
          try {
            result.complete(verifyNow(projection));
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  private Optional<Verification> verifyNow(String projection) throws Exception {
    refuseIfClosed();
    try (Database connections = opener.apply(OF_ONE)) {
      goesOn(connections);
      return verifiers.apply(connections).verify(projection);
    } finally {
      hasEnded();
    }
  }

  private synchronized void refuseIfClosed() throws NotVerifiableException {
    if (closed) {
      throw new NotVerifiableException("this node is shutting down. Ask another one.");
    }
  }

  private synchronized void goesOn(Database connections) throws NotVerifiableException {
    refuseIfClosed();
    unrecorded = connections;
  }

  private synchronized void hasEnded() {
    unrecorded = null;
  }

  private static String isOpen(String projection) {
    return "projection '%s' is being verified. Look at that verification, wait for its end or stop it."
        .formatted(projection);
  }

  private Own open() throws SQLException {
    Own opened = own;
    if (opened == null) {
      Database connections = opener.apply(OF_THOSE_ON_RECORD);
      try {
        opened =
            new Own(
                connections, new VerificationSession(connections), verifiers.apply(connections));
      } catch (Throwable e) {
        connections.close();
        throw e;
      }
      own = opened;
    }
    return opened;
  }

  private void closeIfIdle() {
    if (own != null && own.session().isIdle()) {
      own.close();
      own = null;
    }
  }

  private void run(Own used, String projection, int id) {
    try {
      verify(used, projection, id);
    } catch (VerificationSession.EndedException e) {
      log.info("Verification {} of projection '{}' leaves off: it was ended", id, projection);
    } catch (Throwable e) {
      notOnRecord(projection, id, e);
    } finally {
      release(used, id);
    }
  }

  private void verify(Own used, String projection, int id) throws Exception {
    VerificationSession session = used.session();
    Verification result;
    try {
      result =
          used.verifier()
              .verify(projection, session.listener(id))
              .orElseThrow(
                  () -> new NotVerifiableException("there is no such projection any more"));
    } catch (VerificationSession.EndedException e) {
      throw e;
    } catch (Throwable e) {
      session.fail(projection, id, why(e));
      log.warn("Verification {} of projection '{}' failed", id, projection, e);
      return;
    }
    session.end(id, result);
    switch (result.result()) {
      case CLEAN ->
          log.info(
              "Verification {}: the read model of '{}' is what its journal says", id, projection);
      case INCOMPLETE ->
          log.warn(
              "Verification {} found nothing wrong in the read model of '{}', and could not compare"
                  + " all of it: {}",
              id,
              projection,
              result.notCompared());
      default ->
          log.warn(
              "Verification {}: the read model of '{}' is NOT what its journal says. Look at it"
                  + " with Kintsugi.findVerification, or over HTTP.",
              id,
              projection);
    }
  }

  private static String why(Throwable error) {
    boolean saysItself =
        error instanceof NotVerifiableException || error instanceof HandlerException;
    return saysItself ? String.valueOf(error.getMessage()) : error.toString();
  }

  private synchronized void notOnRecord(String projection, int id, Throwable error) {
    if (closed) {
      log.debug("Verification {} of projection '{}' ended with its node", id, projection, error);
    } else {
      log.warn(
          "How verification {} of projection '{}' ended can't be put on record: it counts as"
              + " abandoned",
          id,
          projection,
          error);
    }
  }

  private synchronized void release(Own used, int id) {
    try {
      used.session().release(id);
    } catch (Exception e) {
      log.debug("The lock of verification {} went with its session", id, e);
    }
    if (used.equals(own)) {
      closeIfIdle();
    }
  }

  /** Ends what is under way: on record as abandoned, and at its next statement. */
  @Override
  public void close() {
    Own ended;
    Database cutOff;
    synchronized (this) {
      closed = true;
      ended = own;
      own = null;
      cutOff = unrecorded;
    }
    if (cutOff != null) {
      cutOff.close();
    }
    if (ended != null) {
      try {
        ended.session().abandon("node " + node + " was shut down before it had ended");
      } catch (Exception e) {
        log.warn("Verifications that this node's end cuts off are found as abandoned later", e);
      }
      ended.close();
    }
  }
}
