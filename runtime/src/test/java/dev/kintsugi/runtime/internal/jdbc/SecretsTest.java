package dev.kintsugi.runtime.internal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.kintsugi.runtime.testing.TestServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Whatever is logged, at the finest level, by whomever: no password is in it. */
class SecretsTest {

  private final Queue<String> said = new ConcurrentLinkedQueue<>();

  private final Logger root = (Logger) LoggerFactory.getLogger("com.zaxxer.hikari");
  private final Level rootLevel = root.getLevel();
  private final boolean additive = root.isAdditive();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          String trace =
              event.getThrowableProxy() == null
                  ? ""
                  : ThrowableProxyUtil.asString(event.getThrowableProxy());
          said.add(event.getThreadName() + " " + event.getFormattedMessage() + trace);
        }
      };

  private final java.util.logging.Logger driver =
      java.util.logging.Logger.getLogger("org.postgresql");
  private final Handler handler =
      new Handler() {
        private final SimpleFormatter formatter = new SimpleFormatter();

        @Override
        public void publish(LogRecord log) {
          said.add(formatter.format(log));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    root.setLevel(Level.TRACE);
    root.setAdditive(false);
    appender.setContext(root.getLoggerContext());
    appender.start();
    root.addAppender(appender);
    driver.setLevel(java.util.logging.Level.ALL);
    driver.setUseParentHandlers(false);
    driver.addHandler(handler);
  }

  @AfterEach
  void stopListening() {
    driver.removeHandler(handler);
    driver.setUseParentHandlers(true);
    driver.setLevel(null);
    root.detachAppender(appender);
    root.setAdditive(additive);
    root.setLevel(rootLevel);
  }

  private void open(String url, String password) throws Exception {
    JdbcSettings settings =
        new JdbcSettings(
            url, password.isEmpty() ? "" : "clerk", password, 2, Duration.ofMillis(300));
    said.add(settings.toString());
    try (Database database = Database.open(settings);
        Connection connection = database.connection()) {
      said.add(connection.getMetaData().getURL());
      said.add(connection.toString());
      connection.rollback();
    }
  }

  private void assertTellsNothing() {
    Thread.getAllStackTraces().keySet().forEach(thread -> said.add(thread.getName()));
    assertThat(said).noneMatch(line -> line.contains("geheim") || line.contains("hush"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:postgresql://clerk:geheim@localhost:1/shop",
        "jdbc:postgresql://localhost:1/shop;password=geheim",
        "postgres://clerk:geheim@localhost:1/shop",
        "jdbc:postgresql://localhost:1/shop?user=clerk&password=geheim",
        "jdbc:postgresql://localhost:1,localhost:2/shop?user=clerk&password=geheim&sslpassword=geheim",
        "jdbc:postgresql://localhost:1/shop?password=gehe%69m",
        "jdbc:postgresql://localhost:1/shop?sslmode=require;password=geheim",
        "jdbc:postgresql://localhost:port/shop?password=geheim",
        "jdbc:postgresql://localhost/shop/geheim?password=geheim",
        "jdbc:postgresql://localhost:1?password=geheim"
      })
  void no_failure_to_connect_tells_a_password(String url) {
    Throwable error = catchThrowable(() -> open(url, "hush"));

    StringWriter trace = new StringWriter();
    error.printStackTrace(new PrintWriter(trace));
    said.add(trace.toString());
    assertTellsNothing();
  }

  @Test
  void no_connection_tells_a_password() throws Exception {
    String url = TestServer.createDatabase();
    try {
      open(url + (url.contains("?") ? "&" : "?") + "password=geheim&sslpassword=geheim", "hush");
      assertThat(said).hasSizeGreaterThan(10);
      assertTellsNothing();
    } finally {
      TestServer.dropDatabase(url);
    }
  }
}
