package dev.kintsugi.runtime.testing;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/**
 * What the log says of live queries that wait: a sign that they have looked, and have found that
 * something is not final. To be told at once, {@code kintsugi.query.warn-after} has to be short.
 */
public final class WaitingQueries implements AutoCloseable {

  private final Logger log =
      (Logger) LoggerFactory.getLogger("dev.kintsugi.runtime.internal.query.FinalOrderingActor");

  private final List<String> logged = new CopyOnWriteArrayList<>();

  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          logged.add(event.getFormattedMessage());
        }
      };

  /** Listens from now on. */
  public WaitingQueries() {
    appender.start();
    log.addAppender(appender);
  }

  /** Waits until some wait, and the log says all this of them in one line. */
  public void are(String... said) {
    eventually(() -> assertThat(logged).anySatisfy(line -> assertThat(line).contains(said)));
  }

  /** What the log has said. */
  public List<String> logged() {
    return List.copyOf(logged);
  }

  @Override
  public void close() {
    log.detachAppender(appender);
  }
}
