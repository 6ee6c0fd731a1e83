package dev.kintsugi.examples.bench.proxy;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** A connection of the node's, and the one to the server that is behind it. */
final class Link {

  private static final int BUFFER = 64 * 1024;

  /** That one side has gone is held up as all else is, but found out by the other one then. */
  private static final long END_HELD_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** What is to befall a connection. */
  enum Fate {
    NONE,
    /** The server's answers are lost. */
    DEAF,
    /** Of the next answer only a part passes, then the connection is reset. */
    TORN,
    /** The next COMMIT passes; its answer does not, and the connection is closed. */
    WITHOUT_COMMIT,
    /** A COMMIT has passed. */
    COMMITTED,
    /** It has befallen. */
    MET
  }

  private final Socket client;
  private final Socket there;
  private final LongSupplier allSilentUntil;
  private final Consumer<Link> onClose;
  private final Questions questions = new Questions();
  private final AtomicReference<Fate> fate = new AtomicReference<>(Fate.NONE);
  private volatile long stalledUntil = System.nanoTime();

  Link(Socket client, Socket there, LongSupplier allSilentUntil, Consumer<Link> onClose) {
    this.client = client;
    this.there = there;
    this.allSilentUntil = allSilentUntil;
    this.onClose = onClose;
  }

  void begin() {
    Proxy.start("proxy-ask", () -> pass(client, there, this::ask));
    Proxy.start("proxy-answer", () -> pass(there, client, this::answer));
  }

  private interface Passing {
    void pass(OutputStream out, byte[] bytes, int count) throws IOException;
  }

  private void pass(Socket from, Socket to, Passing passing) {
    byte[] bytes = new byte[BUFFER];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
        awaitFlow(Long.MAX_VALUE);
        passing.pass(out, bytes, read);
      }
      awaitFlow(END_HELD_NANOS);
    } catch (IOException e) {
      // One of the two is gone, and that is all there is to say: the other one is told.
      goOn();
    } finally {
      close();
    }
  }

  private void ask(OutputStream out, byte[] bytes, int count) throws IOException {
    if (questions.commit(bytes, count)) {
      fate.compareAndSet(Fate.WITHOUT_COMMIT, Fate.COMMITTED);
    }
    out.write(bytes, 0, count);
  }

  private void answer(OutputStream out, byte[] bytes, int count) throws IOException {
    switch (Objects.requireNonNull(fate.get())) {
      case NONE, WITHOUT_COMMIT -> out.write(bytes, 0, count);
      case TORN -> {
        out.write(bytes, 0, count == 1 ? 0 : ThreadLocalRandom.current().nextInt(1, count));
        meet(Fate.TORN);
        client.setSoLinger(true, 0);
        there.setSoLinger(true, 0);
        close();
      }
      case COMMITTED -> {
        meet(Fate.COMMITTED);
        close();
      }
      case DEAF, MET -> {}
    }
  }

  private void meet(Fate expected) {
    fate.compareAndSet(expected, Fate.MET);
  }

  private void awaitFlow(long atMostNanos) {
    long begin = System.nanoTime();
    for (long left = left();
        left > 0 && !client.isClosed() && System.nanoTime() - begin < atMostNanos;
        left = left()) {
      LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)));
    }
  }

  private long left() {
    long now = System.nanoTime();
    return Math.max(stalledUntil - now, allSilentUntil.getAsLong() - now);
  }

  void stall(Duration time) {
    stalledUntil = System.nanoTime() + time.toNanos();
  }

  void await(Fate next) {
    fate.set(next);
  }

  /**
   * What has not befallen by now does not befall any more.
   *
   * @return whether it has
   */
  boolean spare() {
    fate.compareAndSet(Fate.TORN, Fate.NONE);
    fate.compareAndSet(Fate.WITHOUT_COMMIT, Fate.NONE);
    return fate.get() == Fate.MET || fate.get() == Fate.COMMITTED;
  }

  void goOn() {
    stalledUntil = System.nanoTime();
  }

  void close() {
    onClose.accept(this);
    shut(client);
    shut(there);
  }

  private static void shut(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
