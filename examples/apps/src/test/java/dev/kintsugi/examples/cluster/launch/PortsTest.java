package dev.kintsugi.examples.cluster.launch;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.examples.common.BadInputException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class PortsTest {

  @Test
  void a_port_on_which_somebody_listens_is_named_with_what_it_is_for() throws Exception {
    try (ServerSocket somebody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int taken = somebody.getLocalPort();

      assertThatThrownBy(() -> new Ports(taken, 1024, 1025).check(1))
          .isInstanceOf(BadInputException.class)
          .hasMessage(
              "Port %d, for the cluster of node 1, is taken. Choose others with --artery-port."
                  .formatted(taken));
    }
  }

  @Test
  void ranges_that_overlap_are_refused_with_both_names() {
    assertThatThrownBy(() -> new Ports(2551, 8551, 8553).check(3))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("--management-port 8551 and --order-port 8553 are too near");
  }

  @Test
  void ports_that_there_are_not_are_refused() {
    assertThatThrownBy(() -> new Ports(2551, 8551, 65_534).check(3))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("--order-port 65534: 3 ports from there on");
    assertThatThrownBy(() -> new Ports(0, 8551, 8081).check(3))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("--artery-port 0");
  }
}
