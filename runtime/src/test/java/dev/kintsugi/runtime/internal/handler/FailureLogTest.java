package dev.kintsugi.runtime.internal.handler;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class FailureLogTest {

  private final AtomicLong clock = new AtomicLong(-5);
  private final Logger logger = (Logger) LoggerFactory.getLogger(FailureLogTest.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final FailureLog log = new FailureLog(logger, clock::get);

  @BeforeEach
  void listen() {
    logger.setAdditive(false);
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(lines);
    logger.setAdditive(true);
  }

  @Test
  void a_storm_is_logged_in_so_many_lines_and_then_counted() {
    for (int i = 1; i <= 1000; i++) {
      log.warn("event {} failed", i);
    }
    assertThat(messages()).hasSize(FailureLog.EACH_MINUTE + 1);
    assertThat(messages().get(9)).isEqualTo("event 10 failed");
    assertThat(messages().get(10))
        .isEqualTo("More such warnings follow; no more than 10 a minute are logged");

    clock.addAndGet(Duration.ofMinutes(1).toNanos());
    log.warn("event {} failed", 1001);

    assertThat(messages().subList(11, 13))
        .containsExactly("990 warnings like the last ones were left out", "event 1001 failed");
  }

  @Test
  void what_comes_slowly_is_all_logged_with_its_error() {
    Exception error = new IllegalStateException("why");
    for (int i = 0; i < 50; i++) {
      log.warn("event {} failed", i, error);
      clock.addAndGet(Duration.ofSeconds(10).toNanos());
    }
    assertThat(messages()).hasSize(50);
    assertThat(lines.list.get(0).getThrowableProxy().getMessage()).isEqualTo("why");
  }

  private List<String> messages() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
