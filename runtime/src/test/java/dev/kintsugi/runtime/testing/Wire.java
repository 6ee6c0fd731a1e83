package dev.kintsugi.runtime.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The wire between a node and its database, on the loopback, which a test can cut, or make silent:
 * a proxy that hands on bytes.
 */
public final class Wire implements AutoCloseable {

  private static final Pattern ADDRESS =
      Pattern.compile("(jdbc:postgresql://)([^:/]+)(?::(\\d+))?(/.*)");
  private static final int DEFAULT_PORT = 5432;

  private enum State {
    WHOLE,
    CUT,
    SILENT
  }

  private final ServerSocket listener;
  private final String host;
  private final int port;
  private final String url;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private State state = State.WHOLE;

  /** A wire to a database's server. */
  public Wire(String url) {
    Matcher address = ADDRESS.matcher(url);
    if (!address.matches()) {
      throw new IllegalArgumentException("no host in " + url);
    }
    host = address.group(2);
    port = address.group(3) == null ? DEFAULT_PORT : Integer.parseInt(address.group(3));
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.url =
        address.group(1)
            + listener.getInetAddress().getHostAddress()
            + ":"
            + listener.getLocalPort()
            + address.group(4);
    start(this::accept);
  }

  /** The URL of the database, over this wire. */
  public String url() {
    return url;
  }

  /** Ends all connections, and refuses new ones. */
  public void cut() {
    set(State.CUT);
    sockets.forEach(Wire::close);
  }

  /** Hands nothing on any more, and says nothing about it. */
  public void silence() {
    set(State.SILENT);
  }

  /** Hands on what is sent from now on, and what was held back. */
  public void mend() {
    set(State.WHOLE);
  }

  private synchronized void set(State next) {
    state = next;
    notifyAll();
  }

  private synchronized boolean isCut() {
    return state == State.CUT;
  }

  private synchronized void awaitSound() throws InterruptedException {
    while (state == State.SILENT) {
      wait();
    }
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = listener.accept();
      if (isCut()) {
        close(client);
      } else {
        connect(client);
      }
    }
  }

  private void connect(Socket client) throws IOException {
    Socket server = new Socket(host, port);
    client.setTcpNoDelay(true);
    server.setTcpNoDelay(true);
    sockets.add(client);
    sockets.add(server);
    if (isCut()) {
      close(client);
      close(server);
    }
    start(() -> pump(client, server));
    start(() -> pump(server, client));
  }

  private void pump(Socket from, Socket to) throws IOException, InterruptedException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        awaitSound();
        out.write(buffer, 0, read);
      }
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException ended) {
                // One end was closed, or the listener: that is what this wire is for.
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "wire");
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends all connections for good. */
  @Override
  public void close() {
    cut();
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
