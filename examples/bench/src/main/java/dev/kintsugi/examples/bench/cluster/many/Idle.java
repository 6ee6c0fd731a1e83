package dev.kintsugi.examples.bench.cluster.many;

import dev.kintsugi.examples.bench.load.LoadFailedException;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * What nodes cost that nobody writes to or looks at; a second, of all nodes together.
 *
 * @param transactions on their database
 * @param statements that they send, BEGIN and COMMIT among them
 * @param written bytes of write-ahead log, of the whole server
 * @param nodes milliseconds of processor time of their JVMs
 * @param server milliseconds of processor time of the server's processes, if it is on this machine
 * @param sent bytes to each other, where that can be told
 * @param connections held
 */
record Idle(
    double transactions,
    double statements,
    double written,
    double nodes,
    OptionalDouble server,
    OptionalDouble sent,
    long connections) {

  /** Statements are counted by themselves, as that costs something. */
  private static final int COUNTED_FOR_SECONDS = 20;

  private static final Duration PATIENCE = Duration.ofSeconds(COUNTED_FOR_SECONDS + 20);

  /** All that is read at the begin, and at the end. */
  private record Reading(
      long at,
      long transactions,
      long written,
      Duration nodes,
      ServerTime server,
      OptionalLong sent) {

    static Reading of(ManyCluster cluster, Observer observer)
        throws SQLException, InterruptedException {
      return new Reading(
          System.nanoTime(),
          observer.transactions(),
          observer.written(),
          cluster.processorTime(),
          observer.serverTime(),
          NodeTraffic.sentTo(cluster.ports()));
    }
  }

  static Idle measure(ManyCluster cluster, Observer observer, int seconds)
      throws IOException, SQLException, InterruptedException, LoadFailedException {
    Reading begin = Reading.of(cluster, observer);
    TimeUnit.SECONDS.sleep(seconds);
    Reading end = Reading.of(cluster, observer);
    double took = (end.at() - begin.at()) / 1e9;
    Optional<Duration> server = end.server().since(begin.server());
    return new Idle(
        (end.transactions() - begin.transactions()) / took,
        statements(cluster, end.transactions() - begin.transactions()),
        (end.written() - begin.written()) / took,
        millis(end.nodes().minus(begin.nodes())) / took,
        server.isPresent()
            ? OptionalDouble.of(millis(server.get()) / took)
            : OptionalDouble.empty(),
        begin.sent().isPresent() && end.sent().isPresent()
            ? OptionalDouble.of((end.sent().getAsLong() - begin.sent().getAsLong()) / took)
            : OptionalDouble.empty(),
        observer.connections());
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  /** Counted on all nodes at the same time. */
  private static double statements(ManyCluster cluster, long transactions)
      throws IOException, InterruptedException, LoadFailedException {
    String question = Answers.STATEMENTS + " " + COUNTED_FOR_SECONDS;
    List<NodeProcess> nodes = new ArrayList<>(cluster.alive());
    for (NodeProcess node : nodes) {
      node.tell(question);
    }
    long sent = 0;
    for (NodeProcess node : nodes) {
      sent += Long.parseLong(node.answer(question, PATIENCE));
    }
    if (sent == 0 && transactions > 1) {
      throw new LoadFailedException(
          "The nodes' statements can't be counted: PostgreSQL's driver logs them in another way");
    }
    return (double) sent / COUNTED_FOR_SECONDS;
  }
}
