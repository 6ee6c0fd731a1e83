package dev.kintsugi.examples.bench.proxy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Stands between a node and the server on the loopback interface, and passes on what each says to
 * the other, unless it is told to hold that up or to cut them off; as Toxiproxy does.
 */
public final class Proxy implements AutoCloseable {

  private static final long DOOR_OPENS_WITHIN_SECONDS = 10;
  private static final long TRIED_EVERY_MILLIS = 10;

  private final InetSocketAddress server;
  private final int port;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private volatile ServerSocket door;
  private volatile Thread doorkeeper;
  private volatile long silentUntil = System.nanoTime();

  private Proxy(InetSocketAddress server, ServerSocket door) {
    this.server = server;
    this.port = door.getLocalPort();
    this.door = door;
    this.doorkeeper = start("proxy-door", () -> letIn(door));
  }

  /** Opens one on a free port of this machine. */
  public static Proxy open(InetSocketAddress server) throws IOException {
    return new Proxy(server, door(0));
  }

  private static ServerSocket door(int port) throws IOException {
    ServerSocket door = new ServerSocket();
    try {
      door.setReuseAddress(true);
      door.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return door;
    } catch (IOException e) {
      door.close();
      throw e;
    }
  }

  static Thread start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  public int port() {
    return port;
  }

  /** How many connections there are. */
  public int connections() {
    return links.size();
  }

  private void letIn(ServerSocket through) {
    while (!through.isClosed()) {
      try {
        Socket client = through.accept();
        Socket there = new Socket();
        try {
          there.connect(server);
        } catch (IOException nobodyThere) {
          // As if the client had knocked at the server's own door.
          client.close();
          continue;
        }
        client.setTcpNoDelay(true);
        there.setTcpNoDelay(true);
        Link link = new Link(client, there, () -> silentUntil, links::remove);
        links.add(link);
        link.begin();
        if (through.isClosed()) {
          link.close();
        }
      } catch (IOException e) {
        if (!through.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /**
   * Closes all connections, and refuses new ones until the door is open again.
   *
   * @return how many were closed
   */
  public int closeDoor() throws IOException, InterruptedException {
    int closed = links.size();
    door.close();
    // The kernel goes on listening until the thread that accepts has come back from it.
    doorkeeper.join();
    links.forEach(Link::close);
    return closed;
  }

  /** Takes connections again, on the same port; a client on its way may have that for a moment. */
  public void openDoor() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DOOR_OPENS_WITHIN_SECONDS);
    while (door.isClosed()) {
      try {
        ServerSocket again = door(port);
        door = again;
        doorkeeper = start("proxy-door", () -> letIn(again));
      } catch (BindException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(TRIED_EVERY_MILLIS);
      }
    }
  }

  /** Nothing passes on a share of the connections for a time, either way; then all of it does. */
  public int stall(double share, Duration time) {
    List<Link> some = some(share);
    some.forEach(link -> link.stall(time));
    return some.size();
  }

  /**
   * The same for all connections, also for those that begin meanwhile.
   *
   * @return how many there are
   */
  public int silence(Duration time) {
    silentUntil = System.nanoTime() + time.toNanos();
    return links.size();
  }

  /**
   * Closes a share of the connections. The server's answers are lost for a while before: what was
   * asked meanwhile is carried out, and the node never knows.
   */
  public int cut(double share, Duration deaf) throws InterruptedException {
    List<Link> some = some(share);
    some.forEach(link -> link.await(Link.Fate.DEAF));
    TimeUnit.NANOSECONDS.sleep(deaf.toNanos());
    some.forEach(Link::close);
    return some.size();
  }

  /**
   * Resets a share of the connections in the middle of the next answer, of which a part passes.
   *
   * @param time for how long answers are waited for; blocks as long
   * @return how many were reset
   */
  public int tear(double share, Duration time) throws InterruptedException {
    return befall(Link.Fate.TORN, share, time);
  }

  /**
   * Closes a share of the connections when the server answers the next COMMIT: it is carried out,
   * and the node never knows.
   *
   * @param time for how long a COMMIT is waited for; blocks as long
   * @return how many were closed
   */
  public int loseCommits(double share, Duration time) throws InterruptedException {
    return befall(Link.Fate.WITHOUT_COMMIT, share, time);
  }

  private int befall(Link.Fate fate, double share, Duration time) throws InterruptedException {
    List<Link> some = some(share);
    some.forEach(link -> link.await(fate));
    TimeUnit.NANOSECONDS.sleep(time.toNanos());
    return (int) some.stream().filter(Link::spare).count();
  }

  private List<Link> some(double share) {
    return links.stream().filter(l -> ThreadLocalRandom.current().nextDouble() < share).toList();
  }

  /** All connections flow again. */
  public void calm() {
    silentUntil = System.nanoTime();
    links.forEach(Link::goOn);
  }

  @Override
  public void close() throws IOException {
    door.close();
    links.forEach(Link::close);
  }
}
