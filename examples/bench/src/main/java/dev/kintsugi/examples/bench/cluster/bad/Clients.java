package dev.kintsugi.examples.bench.cluster.bad;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.http.HttpTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Sends bad requests, several at a time. */
final class Clients {

  private static final int AT_ONCE = 16;

  /** One in so many is said in HTTP/1.0. */
  private static final int OLD = 20;

  private record Planned(Badness badness, Request request, boolean byLibrary) {}

  private final Scene scene;
  private final Wire wire;
  private final Library library;
  private final Tally tally;

  Clients(Scene scene, int port, Tally tally) {
    this.scene = scene;
    this.wire = new Wire(port);
    this.library = new Library(port);
    this.tally = tally;
  }

  /**
   * Sends requests, and waits until all are answered.
   *
   * @param slow how many of them have a body that does not come; each takes seconds
   * @throws InterruptedException if the thread is interrupted; nothing more is sent then
   */
  void send(int count, int slow, long seed) throws Exception {
    Queue<Planned> planned = new ConcurrentLinkedQueue<>(plan(count, slow, new Pick(seed)));
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      Callable<Boolean> client = () -> sendAll(planned);
      for (Future<Boolean> end :
          threads.invokeAll(java.util.Collections.nCopies(AT_ONCE, client))) {
        end.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private List<Planned> plan(int count, int slow, Pick pick) {
    List<Badness> shares = new ArrayList<>();
    for (Badness badness : Badness.values()) {
      for (int i = 0; i < badness.share(); i++) {
        shares.add(badness);
      }
    }
    List<Planned> planned = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Badness badness =
          i < slow
              ? Badness.SLOW
              : i - slow < shares.size() ? shares.get(i - slow) : pick.of(shares);
      Request request = badness.request(pick, scene);
      boolean isOld = pick.between(1, OLD) == 1;
      planned.add(
          new Planned(badness, isOld ? request.inHttp10() : request, pick.between(0, 1) == 1));
    }
    return planned;
  }

  private boolean sendAll(Queue<Planned> planned) throws InterruptedException {
    for (Planned next = planned.poll(); next != null; next = planned.poll()) {
      send(next);
    }
    return true;
  }

  private void send(Planned next) throws InterruptedException {
    boolean byLibrary = false;
    Answer answer;
    try {
      Optional<Answer> answered =
          next.byLibrary() ? library.send(next.request()) : Optional.empty();
      byLibrary = answered.isPresent();
      answer = byLibrary ? answered.get() : wire.send(next.request());
    } catch (HttpTimeoutException | SocketTimeoutException e) {
      answer = new Answer(Answer.SILENT, "", e.toString());
    } catch (IOException e) {
      answer = new Answer(Answer.HUNG_UP, "", e.toString());
    }
    tally.add(next.badness(), next.request(), answer, byLibrary);
  }
}
