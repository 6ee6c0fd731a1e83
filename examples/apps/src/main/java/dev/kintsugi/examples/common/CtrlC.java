package dev.kintsugi.examples.common;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns Ctrl-C (or a termination signal) into an interrupt of the thread that does the work, and
 * holds the JVM's end up until that thread has cleaned up behind it. So there is one way to clean
 * up, whether the work ended or was ended.
 */
public final class CtrlC implements AutoCloseable {

  /** By then a thread must have cleaned up; the JVM ends without it otherwise. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Thread worker;
  private final Duration patience;
  private final CountDownLatch cleanedUp = new CountDownLatch(1);
  private volatile boolean received;

  private CtrlC(Thread worker, Duration patience) {
    this.worker = worker;
    this.patience = patience;
  }

  /** Interrupts a thread on Ctrl-C, until closed. */
  public static CtrlC interrupts(Thread worker) {
    return interrupts(worker, PATIENCE);
  }

  /**
   * Interrupts a thread on Ctrl-C, until closed.
   *
   * @param patience how long the thread may take to end its work
   */
  public static CtrlC interrupts(Thread worker, Duration patience) {
    CtrlC ctrlC = new CtrlC(worker, patience);
    Runtime.getRuntime().addShutdownHook(new Thread(ctrlC::onShutdown, "ctrl-c"));
    return ctrlC;
  }

  private void onShutdown() {
    if (cleanedUp.getCount() == 0) {
      return;
    }
    received = true;
    worker.interrupt();
    try {
      if (!cleanedUp.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        System.err.println("The clean-up takes too long; something may be left behind.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  public boolean wasReceived() {
    return received;
  }

  /** The thread has cleaned up: the JVM may end. */
  @Override
  public void close() {
    cleanedUp.countDown();
  }
}
