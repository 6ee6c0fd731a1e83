package dev.kintsugi.examples.bench.cluster.history;

import dev.kintsugi.examples.cluster.ClusterFailedException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * Has the nodes store changes: some threads, each with files of its own, by way of all nodes in
 * turn. A change whose outcome is unknown is sent again until it is acknowledged.
 */
public final class Writers implements AutoCloseable {

  private static final int THREADS = 12;

  /** Of one thread: enough to go on for a while with files of other nodes than one that is gone. */
  private static final int MOST_DUE = 200;

  private static final long PAUSE_MILLIS = 100;
  private static final int OK = 200;
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ANSWER = ChangesRoute.ANSWER.plusSeconds(2);
  private static final long REST_NANOS = Duration.ofSeconds(5).toNanos();

  private final List<URI> nodes;
  private final int perSecond;
  private final Tally tally;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
  private final AtomicInteger turn = new AtomicInteger();

  /** Nodes that did not answer, and since when. */
  private final Map<URI, Long> silent = new ConcurrentHashMap<>();

  private final long begun = System.nanoTime();
  private final CompletableFuture<Void> ended;
  private volatile boolean stopped;

  private Writers(List<URI> nodes, List<Change> changes, int perSecond, Tally tally) {
    this.nodes = nodes;
    this.perSecond = perSecond;
    this.tally = tally;
    this.ended =
        CompletableFuture.allOf(
            changes.stream()
                .collect(
                    Collectors.groupingBy(
                        change -> Math.floorMod(change.line().path().hashCode(), THREADS)))
                .values()
                .stream()
                .map(own -> CompletableFuture.runAsync(() -> write(own.iterator()), threads))
                .toArray(CompletableFuture<?>[]::new));
  }

  /**
   * Starts them.
   *
   * @param nodes where they can be reached
   * @param changes all of their files', in order, from the first one that is not stored
   * @param perSecond how many; 0 for as many as there can be
   */
  public static Writers start(List<URI> nodes, List<Change> changes, int perSecond, Tally tally) {
    return new Writers(nodes, changes, perSecond, tally);
  }

  private void write(Iterator<Change> changes) {
    Window window = new Window();
    long taken = 0;
    try {
      while (true) {
        while (hasMore(changes) && window.size() < MOST_DUE && taken < due()) {
          window.add(changes.next());
          taken++;
        }
        List<Change> next = window.next();
        if (next.isEmpty() && !hasMore(changes)) {
          return;
        }
        if (!next.isEmpty()) {
          send(next, window);
        }
        if (perSecond > 0 && !stopped) {
          TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean hasMore(Iterator<Change> changes) {
    return !stopped && changes.hasNext();
  }

  /** How many of a thread's changes are due by now. */
  private double due() {
    return perSecond == 0
        ? Double.MAX_VALUE
        : (System.nanoTime() - begun) / 1e9 * perSecond / THREADS;
  }

  private void send(List<Change> changes, Window window) throws InterruptedException {
    URI node = nextNode();
    try {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(node.resolve("/" + ChangesRoute.PATH))
                  .timeout(ANSWER)
                  .POST(HttpRequest.BodyPublishers.ofString(ChangesRoute.body(changes)))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != OK) {
        throw new IOException(node + " answered " + response.statusCode());
      }
      List<String> words = ChangesRoute.words(response.body());
      for (int i = 0; i < changes.size(); i++) {
        take(changes.get(i), words.get(i), window);
      }
    } catch (ConnectException | HttpConnectTimeoutException nobodyThere) {
      silent.put(node, System.nanoTime());
    } catch (IOException e) {
      silent.put(node, System.nanoTime());
      tally.unknown(changes.size());
    }
  }

  private void take(Change change, String word, Window window) {
    if (word.equals(ChangesRoute.UNKNOWN)) {
      tally.unknown(1);
      return;
    }
    switch (ShardedFile.Word.valueOf(word)) {
      case AHEAD -> {
        tally.ahead();
        return;
      }
      case KNOWN -> tally.known();
      case STORED -> {}
    }
    window.stored(change);
    tally.acknowledged(change);
  }

  /** The next one that is not known to be silent; the next one if all are. */
  private URI nextNode() {
    URI node = inTurn();
    for (int i = 1; i < nodes.size() && isSilent(node); i++) {
      node = inTurn();
    }
    return node;
  }

  private URI inTurn() {
    return nodes.get(Math.floorMod(turn.getAndIncrement(), nodes.size()));
  }

  private boolean isSilent(URI node) {
    Long since = silent.get(node);
    return since != null && System.nanoTime() - since < REST_NANOS;
  }

  /** Whether all changes are written. */
  public boolean hasEnded() {
    return ended.isDone();
  }

  /** Takes no more changes; those that are due are sent until they are acknowledged. */
  public void stop() {
    stopped = true;
  }

  /**
   * Waits until all are acknowledged.
   *
   * @throws ClusterFailedException if they are not in time
   */
  public void awaitEnd(Duration atMost) throws InterruptedException, ClusterFailedException {
    try {
      ended.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new ClusterFailedException(
          "After %d seconds there are still changes that no node acknowledges"
              .formatted(atMost.toSeconds()));
    } catch (ExecutionException e) {
      throw new ClusterFailedException("A writer has failed: " + e.getCause());
    }
  }

  /** Ends them at once. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
