package dev.kintsugi.examples.bench.cluster.chaos;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
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
import java.util.concurrent.locks.LockSupport;

/**
 * Stands between a node and the server on the loopback interface, and passes on what each says to
 * the other, unless it is told to hold that up or to cut them off; as Toxiproxy does.
 */
final class Proxy implements AutoCloseable {

  private static final int BUFFER = 64 * 1024;

  private final InetSocketAddress server;
  private final ServerSocket door;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();

  private Proxy(InetSocketAddress server, ServerSocket door) {
    this.server = server;
    this.door = door;
    start("proxy-door", this::letIn);
  }

  /**
   * Opens one on a free port.
   *
   * @param serverPort of the server, on this machine
   */
  static Proxy open(int serverPort) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    ServerSocket door = new ServerSocket();
    door.bind(new InetSocketAddress(loopback, 0));
    return new Proxy(new InetSocketAddress(loopback, serverPort), door);
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return door.getLocalPort();
  }

  private void letIn() {
    while (!door.isClosed()) {
      try {
        Socket client = door.accept();
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
        Link link = new Link(client, there);
        links.add(link);
        link.begin();
      } catch (IOException e) {
        if (!door.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** Nothing passes on a share of the connections for a time, either way; then all of it does. */
  int stall(double share, Duration time) {
    List<Link> some = some(share);
    some.forEach(link -> link.stall(time));
    return some.size();
  }

  /**
   * Closes a share of the connections. The server's answers are lost for a while before: what was
   * asked meanwhile is carried out, and the node never knows.
   */
  int cut(double share, Duration deaf) throws InterruptedException {
    List<Link> some = some(share);
    some.forEach(Link::deafen);
    TimeUnit.NANOSECONDS.sleep(deaf.toNanos());
    some.forEach(Link::close);
    return some.size();
  }

  private List<Link> some(double share) {
    return links.stream().filter(l -> ThreadLocalRandom.current().nextDouble() < share).toList();
  }

  /** All connections flow again. */
  void calm() {
    links.forEach(Link::goOn);
  }

  @Override
  public void close() throws IOException {
    door.close();
    links.forEach(Link::close);
  }

  /** A connection of the node's, and the one to the server that is behind it. */
  private final class Link {

    private final Socket client;
    private final Socket there;
    private volatile long stalledUntil = System.nanoTime();
    private volatile boolean deaf;

    Link(Socket client, Socket there) {
      this.client = client;
      this.there = there;
    }

    void begin() {
      start("proxy-ask", () -> pass(client, there, false));
      start("proxy-answer", () -> pass(there, client, true));
    }

    private void pass(Socket from, Socket to, boolean answers) {
      byte[] bytes = new byte[BUFFER];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
          awaitFlow();
          if (!(answers && deaf)) {
            out.write(bytes, 0, read);
          }
        }
      } catch (IOException e) {
        // One of the two is gone, and that is all there is to say: the other one is told.
        goOn();
      } finally {
        close();
      }
    }

    private void awaitFlow() {
      for (long left = left(); left > 0 && !client.isClosed(); left = left()) {
        LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)));
      }
    }

    private long left() {
      return stalledUntil - System.nanoTime();
    }

    void stall(Duration time) {
      stalledUntil = System.nanoTime() + time.toNanos();
    }

    void deafen() {
      deaf = true;
    }

    void goOn() {
      stalledUntil = System.nanoTime();
    }

    void close() {
      links.remove(this);
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
}
