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

  /** By then the work's thread must have cleaned up; the JVM ends without it otherwise. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Thread worker;
  private final CountDownLatch cleanedUp = new CountDownLatch(1);
  private volatile boolean received;

  private CtrlC(Thread worker) {
    this.worker = worker;
  }

  /** Interrupts a thread on Ctrl-C, until closed. */
  public static CtrlC interrupts(Thread worker) {
    CtrlC ctrlC = new CtrlC(worker);
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
      if (!cleanedUp.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
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
