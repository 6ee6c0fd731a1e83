package dev.kintsugi.runtime.handler;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.event.JournalEvent;
import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * A handler could not apply an event, and neither the database nor a race is to blame. The
 * transaction's state is then unknown: it must be rolled back, whole or to a savepoint.
 */
public final class HandlerException extends Exception {
  private static final long serialVersionUID = 1L;

  private static final int LONGEST = 4_000;

  private final Throwable why;
  private final String projection;
  private final String persistenceId;
  private final long sequenceNumber;

  HandlerException(Projection<?> projection, JournalEvent event, Throwable cause) {
    super(
        storable(
            "projection '%s' can't apply %s: %s"
                .formatted(projection.name(), event.forPeople(), cause)),
        cause);
    this.why = cause;
    this.projection = projection.name();
    this.persistenceId = event.persistenceId();
    this.sequenceNumber = event.sequenceNumber();
  }

  /** PostgreSQL's text can't hold a NUL. */
  private static String storable(String text) {
    return text.replace('\0', ' ');
  }

  /** The cause with its stack, as text that a skip record can keep. */
  public String describe() {
    StringWriter text = new StringWriter();
    why.printStackTrace(new PrintWriter(text));
    String described = storable(text.toString());
    return described.length() <= LONGEST ? described : described.substring(0, LONGEST) + "…";
  }

  public String projection() {
    return projection;
  }

  public String persistenceId() {
    return persistenceId;
  }

  public long sequenceNumber() {
    return sequenceNumber;
  }
}
