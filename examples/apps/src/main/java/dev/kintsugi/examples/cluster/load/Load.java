package dev.kintsugi.examples.cluster.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.kintsugi.examples.cluster.load.Acknowledged.Kind;
import dev.kintsugi.examples.cluster.orders.Line;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Places, pays and cancels orders on all nodes in turn, so many a second, until it is stopped. A
 * request that reached nobody goes to the next node; one whose outcome is not known is counted, and
 * never sent again: its order may have stored it.
 */
public final class Load implements AutoCloseable {

  private static final long TICK_MILLIS = 20;
  private static final int CUSTOMERS = 100;
  private static final int ITEMS = 50;
  private static final int MOST_LINES = 4;
  private static final int MOST_CENTS = 10_000;

  /**
   * Nodes that have just started are slow: their code is still interpreted, no shard has a node.
   */
  private static final double RISE_SECONDS = 15;

  /** Where nothing answers, the rate is not kept. */
  private static final int MOST_UNDER_WAY = 2_000;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final List<OrderClient> nodes;
  private final int perSecond;
  private final Random random = new Random();
  private final ExecutorService clients = Executors.newFixedThreadPool(2, Load::daemon);
  private final Thread clock = daemon(this::sendOnTime);
  private final CountDownLatch stopped = new CountDownLatch(1);

  /** A party for each request under way, and one for the load itself. */
  private final Phaser underWay = new Phaser(1);

  private final AtomicInteger turn = new AtomicInteger();
  private final Queue<String> placed = new ConcurrentLinkedQueue<>();
  private final Queue<Acknowledged> acknowledged = new ConcurrentLinkedQueue<>();
  private final LongAdder acknowledgedCount = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder unknown = new LongAdder();
  private final LongAdder redirected = new LongAdder();
  private final LongAdder notSent = new LongAdder();
  private final long begun = System.nanoTime();
  private long sent;

  /**
   * @param order the order in question; null if it is still to be placed
   */
  private record Request(String path, String body, Kind kind, @Nullable String order) {}

  private Load(List<URI> nodes, int perSecond) {
    this.nodes = nodes.stream().map(node -> new OrderClient(node, clients)).toList();
    this.perSecond = perSecond;
  }

  /**
   * Starts it.
   *
   * @param nodes where their order APIs are
   * @param perSecond how many requests, over all nodes
   */
  public static Load start(List<URI> nodes, int perSecond) {
    Load load = new Load(nodes, perSecond);
    load.clock.start();
    return load;
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "load");
    thread.setDaemon(true);
    return thread;
  }

  private void sendOnTime() {
    try {
      while (!stopped.await(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
        sendWhatIsDue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sendWhatIsDue() {
    long due = due((System.nanoTime() - begun) / 1e9, perSecond);
    for (; sent < due; sent++) {
      if (underWay.getRegisteredParties() <= MOST_UNDER_WAY) {
        underWay.register();
        send(next(), nodes.size());
      }
    }
  }

  /** How many are due after so many seconds: the rate is come to evenly. */
  static long due(double seconds, int perSecond) {
    return (long)
        (perSecond
            * (seconds < RISE_SECONDS
                ? seconds * seconds / (2 * RISE_SECONDS)
                : seconds - RISE_SECONDS / 2));
  }

  private Request next() {
    String order = random.nextBoolean() ? placed.poll() : null;
    if (order == null) {
      return new Request("/orders", newOrder(), Kind.PLACED, null);
    }
    return random.nextInt(4) == 0
        ? new Request("/orders/" + order + "/cancel", "", Kind.CANCELLED, order)
        : new Request("/orders/" + order + "/pay", "", Kind.PAID, order);
  }

  private String newOrder() {
    List<Line> lines = new ArrayList<>();
    for (int i = random.nextInt(MOST_LINES); i >= 0; i--) {
      lines.add(
          new Line(
              "item-" + random.nextInt(ITEMS),
              1 + random.nextInt(MOST_LINES),
              random.nextInt(MOST_CENTS)));
    }
    try {
      return JSON.writeValueAsString(
          Map.of("customer", "customer-" + random.nextInt(CUSTOMERS), "lines", lines));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param triesLeft how many nodes may still be tried
   */
  private void send(Request request, int triesLeft) {
    OrderClient node = nextNode();
    CompletableFuture<?> unused =
        node.post(request.path(), request.body())
            .whenComplete((response, error) -> ended(request, node, triesLeft, response, error));
  }

  private OrderClient nextNode() {
    OrderClient node = inTurn();
    for (int i = 1; i < nodes.size() && !node.isThere(); i++) {
      node = inTurn();
    }
    return node;
  }

  private OrderClient inTurn() {
    return nodes.get(Math.floorMod(turn.getAndIncrement(), nodes.size()));
  }

  private void ended(
      Request request,
      OrderClient node,
      int triesLeft,
      @Nullable HttpResponse<String> response,
      @Nullable Throwable error) {
    Outcome outcome = Outcome.of(response, error);
    if (outcome == Outcome.NOT_SENT) {
      node.wasAway();
    }
    if (outcome == Outcome.NOT_SENT && triesLeft > 1) {
      redirected.increment();
      send(request, triesLeft - 1);
      return;
    }
    switch (outcome) {
      case ACKNOWLEDGED -> acknowledge(request, response);
      case REFUSED -> refused.increment();
      case UNKNOWN -> unknown.increment();
      case NOT_SENT -> notSent.increment();
    }
    underWay.arriveAndDeregister();
  }

  private void acknowledge(Request request, @Nullable HttpResponse<String> response) {
    String order = request.order();
    if (order == null && response != null) {
      order = response.headers().firstValue("Location").orElse("").replace("/orders/", "");
      placed.add(order);
    }
    acknowledged.add(new Acknowledged(String.valueOf(order), request.kind()));
    acknowledgedCount.increment();
  }

  public LoadCounts counts() {
    return new LoadCounts(
        acknowledgedCount.sum(), refused.sum(), unknown.sum(), redirected.sum(), notSent.sum());
  }

  /** What was acknowledged; all of it once the load has stopped. */
  public List<Acknowledged> acknowledged() {
    return List.copyOf(acknowledged);
  }

  /** Sends nothing more, and waits for what is under way. */
  @Override
  public void close() {
    stopped.countDown();
    boolean interrupted = Thread.interrupted();
    try {
      clock.join();
    } catch (InterruptedException e) {
      interrupted = true;
    }
    underWay.awaitAdvance(underWay.arrive());
    clients.shutdown();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
