package dev.kintsugi.examples.bench.size;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;

/** The projection that the skip records are of. The load has none of its events. */
final class OtherHandler extends JdbcHandler<EventEnvelope<OtherHandler.OtherEvent>, JdbcSession> {

  static final String NAME = "other";

  /** Nobody persists it. */
  record OtherEvent() {}

  static Projection<OtherEvent> projection() {
    return Projection.named(NAME)
        .of(OtherEvent.class)
        .tables(Tables.sql("CREATE TABLE IF NOT EXISTS other (id TEXT PRIMARY KEY)"))
        .handler(OtherHandler::new)
        .build();
  }

  @Override
  public void process(JdbcSession session, EventEnvelope<OtherEvent> envelope) {
    throw new IllegalStateException(
        "nobody persists such an event, and there is one in stream " + envelope.persistenceId());
  }
}
