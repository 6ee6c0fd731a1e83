package dev.kintsugi.examples.bench.cuts;

import dev.kintsugi.examples.bench.proxy.Proxy;
import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** A way in which a network fails. */
enum Cut {
  REFUSED("refused") {
    @Override
    int once(Proxy proxy, Random random, Duration answerTimeout)
        throws IOException, InterruptedException {
      int cut = proxy.closeDoor();
      try {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(50, 500));
      } finally {
        proxy.openDoor();
      }
      return cut;
    }
  },

  /** What was held passes late, or never: as where a firewall has forgotten the connections. */
  SILENT("silent") {
    @Override
    int once(Proxy proxy, Random random, Duration answerTimeout) throws InterruptedException {
      Duration longer = answerTimeout.plusMillis(random.nextInt(200, 1_000));
      int silent = proxy.silence(longer);
      if (random.nextBoolean()) {
        proxy.stall(1, FOR_GOOD);
      }
      TimeUnit.NANOSECONDS.sleep(longer.toNanos());
      return silent;
    }
  },

  RESET("reset in an answer") {
    @Override
    int once(Proxy proxy, Random random, Duration answerTimeout) throws InterruptedException {
      return proxy.tear(1, Duration.ofMillis(random.nextInt(20, 200)));
    }
  },

  COMMIT_LOST("answer of COMMIT lost") {
    @Override
    int once(Proxy proxy, Random random, Duration answerTimeout) throws InterruptedException {
      return proxy.loseCommits(1, Duration.ofMillis(random.nextInt(20, 200)));
    }
  };

  private static final Duration FOR_GOOD = Duration.ofDays(1);

  private final String name;

  Cut(String name) {
    this.name = name;
  }

  /** Blocks until it is over, and returns how many connections it has hit; zero is possible. */
  abstract int once(Proxy proxy, Random random, Duration answerTimeout)
      throws IOException, InterruptedException;

  @Override
  public String toString() {
    return name;
  }
}
