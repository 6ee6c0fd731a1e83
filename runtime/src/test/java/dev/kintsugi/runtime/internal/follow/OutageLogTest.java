package dev.kintsugi.runtime.internal.follow;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OutageLogTest {

  private final AtomicLong clock = new AtomicLong(-5);
  private final Logger logger = (Logger) LoggerFactory.getLogger(OutageLogTest.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final OutageLog log = new OutageLog(logger, clock::get);

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

  private static Exception away(String state) {
    return new IllegalStateException("no connection", new SQLException("refused", state));
  }

  private void failEachSecond(int seconds, Exception error) {
    for (int i = 0; i < seconds; i++) {
      log.warn("it fails", error);
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
    }
  }

  private List<String> messages() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void an_outage_is_logged_with_its_stack_once_and_by_a_line_a_minute() {
    failEachSecond(125, away("08001"));

    assertThat(messages())
        .containsExactly(
            "it fails",
            "it fails (59 more such warnings were left out): java.lang.IllegalStateException: no connection",
            "it fails (59 more such warnings were left out): java.lang.IllegalStateException: no connection");
    assertThat(lines.list.get(0).getThrowableProxy()).isNotNull();
    assertThat(lines.list.get(1).getThrowableProxy()).isNull();
  }

  @Test
  void another_kind_of_error_is_logged_at_once() {
    failEachSecond(3, away("08001"));
    failEachSecond(3, away("57P03"));
    failEachSecond(3, away("08001"));

    assertThat(messages()).containsExactly("it fails", "it fails");
  }

  @Test
  void a_new_outage_is_logged_as_the_first_one() {
    failEachSecond(3, away("08001"));
    clock.addAndGet(Duration.ofMinutes(2).toNanos());
    failEachSecond(3, away("08001"));

    assertThat(messages()).containsExactly("it fails", "it fails");
    assertThat(lines.list).allMatch(line -> line.getThrowableProxy() != null);
  }
}
