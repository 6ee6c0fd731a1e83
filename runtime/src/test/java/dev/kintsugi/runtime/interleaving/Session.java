package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.runtime.internal.jdbc.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One of the sessions of a run: a thread that does its program and stops before each step, until
 * the run lets it go on. Its fields are handed over with it: only one of the two threads touches
 * them at a time.
 */
final class Session {

  enum State {
    /** Stands before {@link #pending()}. */
    READY,
    RUNNING,
    /** Its statement waits in the database for another transaction. */
    BLOCKED,
    /** Stands before a look at something that is to be so when it looks. */
    AWAITING,
    ENDED
  }

  /** A look at what is committed. */
  interface Look {
    boolean isSo() throws Exception;
  }

  /** Ends a program whose run is over. */
  static final class AbandonedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Ends an owner whose node is gone. */
  static final class CrashedException extends SQLException {
    private static final long serialVersionUID = 1L;

    CrashedException() {
      super("this node is gone", "08006");
    }
  }

  /** A step that is about to be done; without numbers, which differ from run to run. */
  record Step(String what, Access access) {
    private static final Pattern NUMBER = Pattern.compile("\\b[0-9]+\\b");

    Step {
      what = NUMBER.matcher(what).replaceAll("n");
    }
  }

  private final String name;
  private final int pid;
  private final Turns turns;
  private final Semaphore go = new Semaphore(0);

  /** From one stop to the next: another one each time. */
  static final class Running {}

  private final AtomicReference<Object> state = new AtomicReference<>(new Running());
  private UnaryOperator<Access> narrowed;
  private @Nullable Step pending;
  private @Nullable Look awaited;
  private boolean isIdle;
  private boolean asked;
  private boolean answer;
  private @Nullable Throwable failure;
  private boolean abandoned;

  private @Nullable Crash crash;
  private boolean crashed;

  /**
   * A session that has yet to begin.
   *
   * @param all what a step touches, where the session says no more of itself
   */
  Session(String name, int pid, Turns turns, UnaryOperator<Access> all) {
    this.narrowed = all;
    this.name = name;
    this.pid = pid;
    this.turns = turns;
  }

  // The program's side

  void run(Program program, Connection real, Sql sql, Rewriting rewriting) {
    try {
      program.run(new Database(SteppedConnection.pool(real, sql, rewriting, this::stop)), this);
    } catch (AbandonedException e) {
      // so it was asked to
    } catch (Throwable e) {
      if (!abandoned) {
        failure = e;
      }
    }
    try {
      real.rollback();
    } catch (SQLException e) {
      failure = failure == null ? e : failure;
    }
    boolean ran = stand(State.ENDED);
    turns.stopped(this, ran);
  }

  private void stop(String what, Access access) throws SQLException {
    if (abandoned) {
      throw new AbandonedException();
    }
    if (crashed && !what.equals("ROLLBACK")) {
      throw new CrashedException();
    }
    if (crash != null && crash.comesBefore(what)) {
      crash = null;
      crashed = true;
      throw new CrashedException();
    }
    pending = new Step(what, narrowed.apply(access));
    handOver(State.READY);
    pending = null;
  }

  /**
   * Waits until something is so, as an actor does that looks again later. Looks in vain change
   * nothing, so they are left out; the one that is not in vain is a step.
   *
   * @param access what is looked at
   */
  void await(String what, Access access, Look condition) {
    await(what, access, condition, false);
  }

  /** The same, where the run may end with this still waiting: nothing is left to do. */
  void awaitWork(String what, Access access, Look condition) {
    await(what, access, condition, true);
  }

  private void await(String what, Access access, Look condition, boolean idle) {
    if (abandoned) {
      throw new AbandonedException();
    }
    awaited = condition;
    isIdle = idle;
    asked = false;
    pending = new Step(what, narrowed.apply(access));
    handOver(State.AWAITING);
    pending = null;
    awaited = null;
  }

  private void handOver(State standing) {
    boolean ran = stand(standing);
    if (turns.stopped(this, ran)) {
      state.set(new Running());
      return;
    }
    go.acquireUninterruptibly();
    if (abandoned) {
      throw new AbandonedException();
    }
  }

  /** Whether it was taken for running until now. */
  private boolean stand(State standing) {
    return state.getAndSet(standing) instanceof Running;
  }

  /** Says what its steps touch in truth, of what their SQL may touch. */
  void touchesOnly(UnaryOperator<Access> narrowed) {
    this.narrowed = narrowed;
  }

  /** Has the node that runs this crash. */
  void crash(Crash at) {
    crash = at;
  }

  /** After a crash another node goes on. */
  void restart() {
    crashed = false;
  }

  // The run's side

  String name() {
    return name;
  }

  int pid() {
    return pid;
  }

  State state() {
    return Objects.requireNonNull(state.get()) instanceof State standing ? standing : State.RUNNING;
  }

  /** Whether it does nothing, and will do nothing until it is let on. */
  boolean stands() {
    return switch (state()) {
      case READY, AWAITING, ENDED -> true;
      case RUNNING, BLOCKED -> false;
    };
  }

  /** Since its last stop, if it runs. */
  Optional<Running> running() {
    return state.get() instanceof Running running ? Optional.of(running) : Optional.empty();
  }

  /**
   * It was found to wait for a lock.
   *
   * @return false if it has come to a stop since
   */
  boolean blocked(Running since) {
    return state.compareAndSet(since, State.BLOCKED);
  }

  Step pending() {
    Step next = pending;
    if (next == null) {
      throw new IllegalStateException(name + " stands before no step, it is " + state);
    }
    return next;
  }

  /**
   * Whether what it awaits is so; asked once after each step.
   *
   * @param last what was done last. If that makes no difference to the look, nor to the answer.
   */
  boolean isSo(Optional<Access> last) throws Exception {
    Look look = awaited;
    if (look == null) {
      throw new IllegalStateException(name + " awaits nothing, it is " + state);
    }
    if (!asked || last.isEmpty() || last.get().dependsOn(pending().access())) {
      answer = look.isSo();
      asked = true;
    }
    return answer;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  /** Whether it has ended, or waits for work and has none. */
  boolean hasNothingToDo() {
    return state() == State.ENDED || (state() == State.AWAITING && isIdle);
  }

  void goOn() {
    state.set(new Running());
    go.release();
  }

  /** Has it end at its next stop. */
  void abandon() {
    abandoned = true;
    go.release();
  }
}
