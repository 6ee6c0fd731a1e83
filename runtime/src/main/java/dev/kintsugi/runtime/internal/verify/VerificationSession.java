package dev.kintsugi.runtime.internal.verify;

import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.verify.Verification;
import dev.kintsugi.runtime.verify.VerificationState;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The session whose advisory locks say that this node's verifications live, and by which alone it
 * writes to their rows: if it is lost, so are they. Its transactions are short. Threads may share
 * it.
 */
final class VerificationSession implements AutoCloseable {

  /** Somebody, or the loss of an earlier session, has ended a verification that goes on here. */
  static final class EndedException extends Exception {
    private static final long serialVersionUID = 1L;

    EndedException(int id) {
      super("verification " + id + " has been ended", null, false, false);
    }
  }

  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(30);

  private final Connection connection;

  /** Those of which it has the locks, and the projection of each. */
  private final Map<Integer, String> held = new TreeMap<>();

  VerificationSession(Database database) throws SQLException {
    this.connection = database.answeringWithin(LONGEST_ANSWER).connection();
  }

  /** Puts one on record; empty if one of this projection is open. */
  synchronized Optional<Integer> begin(
      Generation generation, String requestedBy, String reason, String node) throws Exception {
    Optional<Integer> id =
        transaction(
            () -> VerificationRuns.begin(connection, generation, requestedBy, reason, node));
    id.ifPresent(begun -> held.put(begun, generation.projection()));
    return id;
  }

  /** What writes to the row of one. */
  private interface Write<T> {
    T run() throws Exception;
  }

  private synchronized <T> T transaction(Write<T> write) throws Exception {
    try {
      T result = write.run();
      connection.commit();
      return result;
    } catch (Throwable e) {
      try {
        connection.rollback();
      } catch (SQLException notEvenThat) {
        e.addSuppressed(notEvenThat);
      }
      throw e;
    }
  }

  private void compareAndSet(int id, Write<Boolean> write) throws Exception {
    if (!transaction(write)) {
      throw new EndedException(id);
    }
  }

  /** Writes to the row of one how far it is. */
  VerificationListener listener(int id) {
    return new VerificationListener() {
      @Override
      public void begins(Generation generation, long upTo) throws Exception {
        compareAndSet(id, () -> VerificationRuns.start(connection, id, generation, upTo));
      }

      @Override
      public void goesOn(Progress progress) throws Exception {
        compareAndSet(id, () -> VerificationRuns.goOn(connection, id, progress));
      }
    };
  }

  void end(int id, Verification result) throws Exception {
    compareAndSet(id, () -> VerificationRuns.end(connection, id, result));
  }

  void fail(String projection, int id, String why) throws Exception {
    compareAndSet(
        id,
        () ->
            VerificationRuns.endWithoutResult(
                connection, projection, id, VerificationState.FAILED, why));
  }

  /** All that have not come to their ends: nobody goes on with them. */
  synchronized void abandon(String why) throws Exception {
    transaction(
        () -> {
          for (Map.Entry<Integer, String> one : held.entrySet()) {
            VerificationRuns.endWithoutResult(
                connection, one.getValue(), one.getKey(), VerificationState.ABANDONED, why);
          }
          return true;
        });
  }

  /** Gives up the lock of one, whose row has its end. */
  synchronized void release(int id) throws Exception {
    held.remove(id);
    transaction(
        () -> {
          VerificationRuns.unlock(connection, id);
          return true;
        });
  }

  synchronized boolean isIdle() {
    return held.isEmpty();
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
