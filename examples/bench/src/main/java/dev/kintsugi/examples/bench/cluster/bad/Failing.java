package dev.kintsugi.examples.bench.cluster.bad;

import dev.kintsugi.examples.bench.load.LoadEvent;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** A handler that no event gets past. */
final class Failing extends JdbcHandler<EventEnvelope<LoadEvent>, JdbcSession> {

  @Override
  public void process(JdbcSession session, EventEnvelope<LoadEvent> envelope) {
    throw new IllegalStateException("so that there is a record");
  }
}
