package dev.kintsugi.examples.bench.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProxyTest {

  private static final Duration LONG = Duration.ofMinutes(10);
  private static final int SOON_MILLIS = 100;
  private static final int PATIENCE_MILLIS = 20_000;

  private ServerSocket server;
  private Proxy proxy;
  private Socket client;
  private Socket atServer;

  @BeforeEach
  void connect() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    server = new ServerSocket(0, 1, loopback);
    server.setSoTimeout(PATIENCE_MILLIS);
    proxy = Proxy.open(server.getLocalPort());
    client = new Socket(loopback, proxy.port());
    atServer = server.accept();
    client.setSoTimeout(PATIENCE_MILLIS);
    atServer.setSoTimeout(PATIENCE_MILLIS);
    // The server is connected to before the proxy counts the connection; what passes shows that it
    // does.
    client.getOutputStream().write('h');
    assertThat(atServer.getInputStream().read()).isEqualTo('h');
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    atServer.close();
    proxy.close();
    server.close();
  }

  @Test
  void what_each_says_the_other_hears() throws IOException {
    client.getOutputStream().write('q');
    assertThat(atServer.getInputStream().read()).isEqualTo('q');
    atServer.getOutputStream().write('a');
    assertThat(client.getInputStream().read()).isEqualTo('a');
  }

  @Test
  void while_it_stalls_nothing_passes_and_then_all_of_it() throws IOException {
    assertThat(proxy.stall(1, LONG)).isEqualTo(1);
    client.getOutputStream().write('q');
    atServer.getOutputStream().write('a');
    assertThat(isSilent(atServer)).isTrue();
    assertThat(isSilent(client)).isTrue();
    proxy.calm();
    assertThat(atServer.getInputStream().read()).isEqualTo('q');
    assertThat(client.getInputStream().read()).isEqualTo('a');
  }

  @Test
  void a_connection_that_is_cut_ends_for_both() throws Exception {
    assertThat(proxy.cut(1, Duration.ZERO)).isEqualTo(1);
    assertThat(hasEnded(client)).isTrue();
    assertThat(hasEnded(atServer)).isTrue();
  }

  @Test
  void before_it_is_cut_answers_are_lost_and_questions_are_not() throws Exception {
    Thread cut = new Thread(() -> cutAfter(LONG));
    cut.start();
    await().until(() -> cut.getState() == Thread.State.TIMED_WAITING);
    atServer.getOutputStream().write('a');
    client.getOutputStream().write('q');
    assertThat(atServer.getInputStream().read()).isEqualTo('q');
    assertThat(isSilent(client)).isTrue();
    proxy.calm();
    assertThat(isSilent(client)).as("what is lost does not come later").isTrue();
    cut.interrupt();
    cut.join();
  }

  private void cutAfter(Duration deaf) {
    try {
      proxy.cut(1, deaf);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void it_stands_for_a_server_that_is_not_there() throws IOException {
    server.close();
    try (Socket another = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      another.setSoTimeout(PATIENCE_MILLIS);
      assertThat(hasEnded(another)).isTrue();
    }
  }

  /** It can only be seen not to come yet; that it comes later is seen afterwards. */
  private static boolean isSilent(Socket socket) throws IOException {
    socket.setSoTimeout(SOON_MILLIS);
    try {
      return socket.getInputStream().read() < -1;
    } catch (SocketTimeoutException silent) {
      return true;
    } finally {
      socket.setSoTimeout(PATIENCE_MILLIS);
    }
  }

  private static boolean hasEnded(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException reset) {
      return true;
    }
  }
}
