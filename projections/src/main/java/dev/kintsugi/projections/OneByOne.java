package dev.kintsugi.projections;

import java.util.List;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** A handler of single events where one of groups is asked for. */
final class OneByOne<E> extends JdbcHandler<List<EventEnvelope<E>>, JdbcSession> {

  private final JdbcHandler<EventEnvelope<E>, JdbcSession> handler;

  OneByOne(JdbcHandler<EventEnvelope<E>, JdbcSession> handler) {
    this.handler = handler;
  }

  @Override
  public void start() {
    handler.start();
  }

  @Override
  public void process(JdbcSession session, List<EventEnvelope<E>> envelopes) throws Exception {
    for (EventEnvelope<E> envelope : envelopes) {
      handler.process(session, envelope);
    }
  }

  @Override
  public void stop() {
    handler.stop();
  }
}
