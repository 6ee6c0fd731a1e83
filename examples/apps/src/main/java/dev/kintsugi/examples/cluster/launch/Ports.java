package dev.kintsugi.examples.cluster.launch;

import dev.kintsugi.examples.common.BadInputException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Where the nodes listen on this machine. Of each kind the first node has the port that is given
 * here, the second node the next one, and so on.
 */
public record Ports(int artery, int management, int orders) {

  private static final int HIGHEST = 65_535;

  private static final int FREE_FROM = 20_000;
  private static final int FREE_TO = 30_000;
  private static final int TRIES = 100;

  /** What the options call them. */
  private record Kind(String what, String option, int first) {}

  private Kind[] kinds() {
    return new Kind[] {
      new Kind("cluster", "--artery-port", artery),
      new Kind("management", "--management-port", management),
      new Kind("order API", "--order-port", orders)
    };
  }

  int artery(int node) {
    return artery + node - 1;
  }

  int management(int node) {
    return management + node - 1;
  }

  int orders(int node) {
    return orders + node - 1;
  }

  /** Some that nobody listens on just now. */
  public static Ports free(int nodes) throws BadInputException {
    for (int i = 1; ; i++) {
      int first = ThreadLocalRandom.current().nextInt(FREE_FROM, FREE_TO);
      Ports ports = new Ports(first, first + nodes, first + 2 * nodes);
      try {
        ports.check(nodes);
        return ports;
      } catch (BadInputException taken) {
        if (i == TRIES) {
          throw taken;
        }
      }
    }
  }

  /**
   * Refuses ports that no node could have.
   *
   * @throws BadInputException if two are the same, one is out of range, or somebody listens on one
   */
  public void check(int nodes) throws BadInputException {
    for (Kind kind : kinds()) {
      if (kind.first() < 1 || kind.first() + nodes - 1 > HIGHEST) {
        throw new BadInputException(
            "%s %d: %d ports from there on must be between 1 and %d"
                .formatted(kind.option(), kind.first(), nodes, HIGHEST));
      }
      for (Kind other : kinds()) {
        if (!kind.equals(other) && Math.abs(kind.first() - other.first()) < nodes) {
          throw new BadInputException(
              "%s %d and %s %d are too near: each takes %d ports from there on"
                  .formatted(kind.option(), kind.first(), other.option(), other.first(), nodes));
        }
      }
    }
    for (Kind kind : kinds()) {
      for (int node = 1; node <= nodes; node++) {
        refuseTaken(kind, node, kind.first() + node - 1);
      }
    }
  }

  private static void refuseTaken(Kind kind, int node, int port) throws BadInputException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      throw new BadInputException(
          "Port %d, for the %s of node %d, is taken. Choose others with %s."
              .formatted(port, kind.what(), node, kind.option()),
          e);
    }
  }
}
