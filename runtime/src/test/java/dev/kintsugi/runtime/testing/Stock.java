package dev.kintsugi.runtime.testing;

/** The stock plugins of Pekko Persistence JDBC, to be read and written beside. */
public final class Stock {

  private Stock() {}

  /** Their settings, on a {@link World}'s database, for a {@link TestSystem}. */
  public static String settings(World world) {
    return """
        pekko-persistence-jdbc.shared-databases.slick {
          profile = "slick.jdbc.PostgresProfile$"
          db {
            url = "%s", driver = "org.postgresql.Driver"
            numThreads = 2, maxConnections = 2, minConnections = 1
          }
        }
        jdbc-journal.use-shared-db = slick
        jdbc-read-journal.use-shared-db = slick
        jdbc-snapshot-store.use-shared-db = slick
        jdbc-durable-state-store.use-shared-db = slick
        """
        .formatted(world.url());
  }
}
