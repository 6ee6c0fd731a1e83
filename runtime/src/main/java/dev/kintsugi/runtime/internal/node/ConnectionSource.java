package dev.kintsugi.runtime.internal.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.zaxxer.hikari.HikariDataSource;
import dev.kintsugi.runtime.datasource.DataSourceProvider;
import dev.kintsugi.runtime.datasource.DataSourceSetup;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.postgresql.ds.common.BaseDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where all connections of a node come from: of {@code kintsugi.jdbc.url}, or of the application's
 * own DataSource.
 */
final class ConnectionSource {

  private static final Logger log = LoggerFactory.getLogger(ConnectionSource.class);

  private static final String PROVIDER = "data-source-provider";

  /** What verifications take besides the pool. */
  private static final int OF_VERIFICATIONS = 3;

  private final JdbcSettings settings;
  private final Optional<DataSource> lent;

  private ConnectionSource(JdbcSettings settings, Optional<DataSource> lent) {
    this.settings = settings;
    this.lent = lent;
  }

  /**
   * That of an actor system.
   *
   * @param jdbc section {@code kintsugi.jdbc}
   * @throws IllegalArgumentException if settings can't be used, or say two things
   */
  static ConnectionSource of(ExtendedActorSystem system, Config jdbc) {
    JdbcSettings settings = JdbcSettings.of(jdbc);
    Optional<DataSource> bySetup =
        system.settings().setup().get(DataSourceSetup.class).map(DataSourceSetup::dataSource);
    String provider = jdbc.getString(PROVIDER);
    if (bySetup.isPresent() && !provider.isEmpty()) {
      throw new IllegalArgumentException(
          "the actor system was made with a DataSourceSetup, and kintsugi.jdbc.%s is %s: which DataSource is meant? Leave out one of them."
              .formatted(PROVIDER, provider));
    }
    Optional<DataSource> lent =
        provider.isEmpty() ? bySetup : Optional.of(provided(system, provider));
    lent.ifPresent(
        dataSource -> {
          refuseLogin(jdbc, dataSource);
          refuseSmaller(settings, dataSource);
          warnOfUnboundedLogin(dataSource);
          log.info(
              "Connections come from the application's DataSource ({}), up to"
                  + " kintsugi.jdbc.pool-size ({}) of them at a time; kintsugi.jdbc.url, user and"
                  + " password don't count.",
              dataSource.getClass().getName(),
              settings.poolSize());
        });
    return new ConnectionSource(settings, lent);
  }

  private static DataSource provided(ExtendedActorSystem system, String className) {
    Object made;
    try {
      made =
          Class.forName(className, true, system.dynamicAccess().classLoader())
              .getConstructor()
              .newInstance();
    } catch (ReflectiveOperationException | LinkageError e) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.%s is %s, and no object of that class can be made: %s. It has to be a public class with a public constructor without parameters, on the class path."
              .formatted(PROVIDER, className, e.getCause() == null ? e : e.getCause()),
          e);
    }
    if (!(made instanceof DataSourceProvider provider)) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.%s is %s, which is no %s"
              .formatted(PROVIDER, className, DataSourceProvider.class.getName()));
    }
    DataSource dataSource = provider.dataSource(system);
    if (dataSource == null) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.%s is %s, and that gave no DataSource".formatted(PROVIDER, className));
    }
    return dataSource;
  }

  /** No value is ever told. */
  private static void refuseLogin(Config jdbc, DataSource dataSource) {
    Config reference = ConfigFactory.defaultReference().getConfig("kintsugi.jdbc");
    List<String> ignored =
        List.of("url", "user", "password").stream()
            .filter(key -> !jdbc.getString(key).equals(reference.getString(key)))
            .map("kintsugi.jdbc."::concat)
            .toList();
    if (!ignored.isEmpty()) {
      throw new IllegalArgumentException(
          "%s would be ignored, as the application gives a DataSource (%s) by DataSourceSetup or kintsugi.jdbc.%s, which decides on all of that: which database is meant? Leave out the one or the other."
              .formatted(String.join(", ", ignored), dataSource.getClass().getName(), PROVIDER));
    }
  }

  /** Of other pools it is not known how many they have. */
  private static void refuseSmaller(JdbcSettings settings, DataSource dataSource) {
    Optional<HikariDataSource> pool = hikari(dataSource);
    if (pool.isEmpty()) {
      return;
    }
    int there = pool.get().getMaximumPoolSize();
    if (there < settings.poolSize()) {
      throw new IllegalArgumentException(
          "kintsugi.jdbc.pool-size (%d) is more than the maximumPoolSize (%d) of the application's HikariDataSource: Kintsugi would wait for connections that never come. Raise the second, or lower the first."
              .formatted(settings.poolSize(), there));
    }
    if (there < settings.poolSize() + OF_VERIFICATIONS) {
      log.warn(
          "The maximumPoolSize ({}) of the application's HikariDataSource leaves less than {}"
              + " connections besides kintsugi.jdbc.pool-size ({}): verifications, which take so many,"
              + " may wait in vain, and so may the application itself. Raise the first, or lower the"
              + " second.",
          there,
          OF_VERIFICATIONS,
          settings.poolSize());
    }
  }

  private static Optional<HikariDataSource> hikari(DataSource dataSource) {
    try {
      return dataSource.isWrapperFor(HikariDataSource.class)
          ? Optional.of(dataSource.unwrap(HikariDataSource.class))
          : Optional.empty();
    } catch (SQLException e) {
      return Optional.empty(); // one that does not say what it wraps
    }
  }

  private static void warnOfUnboundedLogin(DataSource dataSource) {
    if (dataSource instanceof BaseDataSource driver
        && driver.getLoginTimeout() == 0
        && driver.getSocketTimeout() == 0) {
      log.warn(
          "The application's DataSource ({}) has neither loginTimeout nor socketTimeout: where the"
              + " network goes silent during a login, no new connection is had until the operating"
              + " system gives up. Set one of them.",
          dataSource.getClass().getName());
    }
  }

  /** The pool of a node, of a database that need not be there yet. */
  Database pool() {
    return lent.map(dataSource -> Database.of(settings, dataSource))
        .orElseGet(() -> Database.of(settings));
  }

  /** So many connections besides; see {@link Database#open(JdbcSettings)}. */
  Database open(int connections) {
    JdbcSettings besides = settings.withPoolSize(connections);
    return lent.map(dataSource -> Database.open(besides, dataSource))
        .orElseGet(() -> Database.open(besides));
  }
}
