package dev.kintsugi.examples.bench.cluster.many;

import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Counts the statements that this JVM sends, by what PostgreSQL's driver logs of each message. (The
 * embedded server lacks pg_stat_statements.) BEGIN, COMMIT and ROLLBACK are counted, too.
 */
final class Statements {

  /** Kept, as a logger that nobody holds is made anew without its level. */
  private static final Logger DRIVER = Logger.getLogger("org.postgresql.core.v3.QueryExecutorImpl");

  private static final String EXECUTE = " FE=> Execute(";
  private static final String SIMPLE = " FE=> SimpleQuery(";

  private final AtomicLong sent = new AtomicLong();

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord logged) {
          String message = logged.getMessage();
          if (message != null && (message.startsWith(EXECUTE) || message.startsWith(SIMPLE))) {
            sent.incrementAndGet();
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private Statements() {}

  static Statements count() {
    Statements statements = new Statements();
    statements.handler.setLevel(Level.ALL);
    DRIVER.setUseParentHandlers(false);
    DRIVER.addHandler(statements.handler);
    DRIVER.setLevel(Level.FINEST);
    return statements;
  }

  /** Ends the count. */
  long end() {
    DRIVER.setLevel(null);
    DRIVER.removeHandler(handler);
    return sent.get();
  }
}
