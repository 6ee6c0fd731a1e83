package dev.kintsugi.runtime.datasource;

import java.util.Objects;
import javax.sql.DataSource;
import org.apache.pekko.actor.setup.Setup;

/**
 * Hands the application's own {@link DataSource} to Kintsugi, in the place of {@code
 * kintsugi.jdbc.url}:
 *
 * <pre>{@code
 * ActorSystem.create(
 *     guardian,
 *     "app",
 *     ActorSystemSetup.create(BootstrapSetup.create(config), DataSourceSetup.of(dataSource)));
 * }</pre>
 *
 * <p><b>What it has to be.</b> A pool or not, it has to give connections of PostgreSQL's driver, or
 * what can be unwrapped to these ({@link java.sql.Wrapper}); always to the same database, by a user
 * with the same rights and the same {@code search_path}. A connection must be the caller's alone
 * until it is closed: none that is bound to a thread's transaction. How long it takes to give one,
 * or to fail, has to be bounded by its own settings (a pool's connection timeout, the driver's
 * {@code loginTimeout}, {@code connectTimeout} and {@code socketTimeout}); no caller of Kintsugi's
 * waits for longer than {@code kintsugi.jdbc.connection-timeout}.
 *
 * <p><b>What Kintsugi does with it.</b> It takes connections as it needs them, {@code
 * kintsugi.jdbc.pool-size} at most, keeps each while it is in use and for some ten seconds after
 * that (half a minute at most, or a pool of the application's would see a change of settings before
 * each append), and then closes it, which gives it back. Verifications take up to three more while
 * there are any. While Kintsugi has a connection, it sets autocommit, isolation, network timeout
 * and the session's time limits; these are as they were when it is given back. One of which that is
 * not certain, or whose answer did not come in time, is ended first, so that no pool hands it on.
 *
 * <p><b>Who closes it.</b> Its owner, after the actor system has terminated; Kintsugi never does.
 */
public final class DataSourceSetup extends Setup {

  private final DataSource dataSource;

  private DataSourceSetup(DataSource dataSource) {
    this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
  }

  /** A setup with the application's DataSource; the database need not be there yet. */
  public static DataSourceSetup of(DataSource dataSource) {
    return new DataSourceSetup(dataSource);
  }

  /** What was handed over. */
  public DataSource dataSource() {
    return dataSource;
  }
}
