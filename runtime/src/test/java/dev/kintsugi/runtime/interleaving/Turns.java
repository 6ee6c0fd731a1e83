package dev.kintsugi.runtime.interleaving;

import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is: one session's, which runs, or the run's, which chooses the next one. A session
 * that comes to a stop may choose by itself, so that two threads need not wake each other for every
 * step.
 */
final class Turns {

  /** What a session does that has come to a stop. */
  enum Next {
    /** It goes on. */
    GO_ON,
    /** It stands, and another one goes on. */
    STAND,
    /** It stands, and the run chooses. */
    ASK_THE_RUN,
    /** It stands, as all others: nothing is left to be seen in this run. */
    OF_NO_INTEREST
  }

  /** Chooses on the thread of the session that has come to a stop. */
  interface Choice {
    Next of(Session stopped) throws Exception;
  }

  private final BlockingQueue<Session> stopped = new LinkedBlockingQueue<>();
  private volatile boolean isTheRuns = true;
  private volatile boolean ofInterest = true;
  private volatile @Nullable Session holder;
  private volatile @Nullable Choice choice;
  private volatile @Nullable Exception failure;

  /** From now on sessions choose, too. */
  void begin(Choice choice) {
    this.choice = choice;
  }

  void end() {
    choice = null;
  }

  /** A session is to run; whoever says so lets it go on then. */
  void give(Session session) {
    holder = session;
    isTheRuns = false;
  }

  /** The session whose turn it is does not come to a stop. */
  void take() {
    isTheRuns = true;
  }

  /** Whose turn it is, or was. */
  Session holder() {
    return Objects.requireNonNull(holder);
  }

  /**
   * A session has come to a stop, or to its end.
   *
   * @param ran whether it was taken for running until then, and not for waiting for a lock
   * @return whether it goes on
   */
  boolean stopped(Session session, boolean ran) {
    if (!ran || session != holder || isTheRuns) {
      stopped.add(session);
      return false;
    }
    Next next = next(session);
    switch (next) {
      case GO_ON, STAND -> {}
      case ASK_THE_RUN, OF_NO_INTEREST -> {
        ofInterest = next == Next.ASK_THE_RUN;
        isTheRuns = true;
        stopped.add(session);
      }
    }
    return next == Next.GO_ON;
  }

  private Next next(Session session) {
    Choice choosing = choice;
    if (choosing == null) {
      return Next.ASK_THE_RUN;
    }
    try {
      return choosing.of(session);
    } catch (Exception e) {
      failure = e;
      return Next.ASK_THE_RUN;
    }
  }

  // The run's side

  /** Waits a while for the run's turn to come. */
  boolean isTheRuns(long time, TimeUnit unit) throws Exception {
    if (!isTheRuns) {
      awaitStop(time, unit);
    }
    Exception failed = failure;
    if (failed != null) {
      throw failed;
    }
    return isTheRuns;
  }

  boolean isOfInterest() {
    return ofInterest;
  }

  /** Waits a while for a session to come to a stop, or to its end. */
  boolean awaitStop(long time, TimeUnit unit) throws InterruptedException {
    return stopped.poll(time, unit) != null;
  }
}
