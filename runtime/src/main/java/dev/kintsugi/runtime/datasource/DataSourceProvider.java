package dev.kintsugi.runtime.datasource;

import javax.sql.DataSource;
import org.apache.pekko.actor.ClassicActorSystemProvider;

/**
 * Gives Kintsugi the application's {@link DataSource}, where the configuration names it: {@code
 * kintsugi.jdbc.data-source-provider = "com.acme.OurDataSource"}. The class is public and has a
 * public constructor without parameters. An application that has its DataSource at hand when it
 * makes its actor system uses {@link DataSourceSetup} instead; what is said there of the DataSource
 * holds here, too.
 */
@FunctionalInterface
public interface DataSourceProvider {

  /**
   * The DataSource. Called once for an actor system, when Kintsugi is first used in it; the
   * database need not be there yet.
   *
   * <p>Kintsugi never closes it. One that is made here may be closed by {@code
   * system.classicSystem().registerOnTermination(…)}, called in this method: that runs after
   * Kintsugi has given back its connections.
   */
  DataSource dataSource(ClassicActorSystemProvider system);
}
