package dev.kintsugi.examples.bench.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
    proxy = Proxy.open(new InetSocketAddress(loopback, server.getLocalPort()));
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
    Thread cut = begin(() -> proxy.cut(1, LONG));
    atServer.getOutputStream().write('a');
    client.getOutputStream().write('q');
    assertThat(atServer.getInputStream().read()).isEqualTo('q');
    assertThat(isSilent(client)).isTrue();
    proxy.calm();
    assertThat(isSilent(client)).as("what is lost does not come later").isTrue();
    end(cut);
  }

  private interface Harm {
    void run() throws InterruptedException;
  }

  /** What blocks for long, as soon as it does. */
  private static Thread begin(Harm harm) {
    Thread thread =
        new Thread(
            () -> {
              try {
                harm.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    thread.start();
    await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    return thread;
  }

  private static void end(Thread harm) throws InterruptedException {
    harm.interrupt();
    harm.join();
  }

  @Test
  void of_the_answer_in_which_it_is_reset_only_a_part_passes() throws Exception {
    Thread tear = begin(() -> proxy.tear(1, LONG));
    client.getOutputStream().write('q');
    assertThat(atServer.getInputStream().read()).isEqualTo('q');
    atServer.getOutputStream().write(new byte[] {1, 2, 3, 4});
    assertThat(client.getInputStream().read()).isEqualTo(1);
    assertThatThrownBy(() -> client.getInputStream().readNBytes(4))
        .isInstanceOf(SocketException.class);
    assertThat(hasEnded(atServer)).isTrue();
    end(tear);
  }

  @Test
  void what_has_not_been_reset_in_time_is_spared() throws Exception {
    assertThat(proxy.tear(1, Duration.ZERO)).isZero();
    atServer.getOutputStream().write('a');
    assertThat(client.getInputStream().read()).isEqualTo('a');
  }

  @Test
  void behind_a_closed_door_all_connections_end_and_none_begins_until_it_is_open_again()
      throws Exception {
    assertThat(proxy.connections()).isEqualTo(1);
    assertThat(proxy.closeDoor()).isEqualTo(1);
    assertThat(hasEnded(client)).isTrue();
    assertThat(hasEnded(atServer)).isTrue();
    assertThatThrownBy(this::another).isInstanceOf(ConnectException.class);
    proxy.openDoor();
    try (Socket another = another();
        Socket anotherAtServer = server.accept()) {
      another.getOutputStream().write('q');
      assertThat(anotherAtServer.getInputStream().read()).isEqualTo('q');
    }
  }

  @Test
  void silence_is_for_connections_that_begin_meanwhile_too() throws Exception {
    assertThat(proxy.silence(LONG)).isEqualTo(1);
    try (Socket another = another();
        Socket anotherAtServer = server.accept()) {
      another.getOutputStream().write('q');
      client.getOutputStream().write('q');
      assertThat(isSilent(anotherAtServer)).isTrue();
      assertThat(isSilent(atServer)).isTrue();
      proxy.calm();
      assertThat(anotherAtServer.getInputStream().read()).isEqualTo('q');
      assertThat(atServer.getInputStream().read()).isEqualTo('q');
    }
  }

  @Test
  void it_stands_for_a_server_that_is_not_there() throws IOException {
    server.close();
    try (Socket another = another()) {
      assertThat(hasEnded(another)).isTrue();
    }
  }

  private Socket another() throws IOException {
    Socket another = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
    another.setSoTimeout(PATIENCE_MILLIS);
    return another;
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
