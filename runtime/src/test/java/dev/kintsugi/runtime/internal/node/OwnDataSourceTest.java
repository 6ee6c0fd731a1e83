package dev.kintsugi.runtime.internal.node;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kintsugi.runtime.datasource.DataSourceProvider;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.testing.JournalMessages;
import dev.kintsugi.runtime.testing.Recorder;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.Wire;
import dev.kintsugi.runtime.testing.World;
import dev.kintsugi.runtime.verify.VerificationState;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.LoggerFactory;

/** A node on the application's own DataSource: a pool of Hikari's, or none at all. */
class OwnDataSourceTest {

  private static final int ENOUGH = 11; // 8 and those of verifications

  /** Of whom a test has named by its class; there is nothing but the configuration to tell it. */
  private static final Set<HikariDataSource> POOLS = ConcurrentHashMap.newKeySet();

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final List<HikariDataSource> pools = new ArrayList<>();

  @AfterEach
  void close() {
    pools.forEach(HikariDataSource::close);
    POOLS.clear();
    world.close();
  }

  private HikariDataSource pool(String url, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.addDataSourceProperty("ApplicationName", "shop");
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setConnectionInitSql("SET statement_timeout = '50s'");
    HikariDataSource pool = new HikariDataSource(config);
    pools.add(pool);
    return pool;
  }

  private DataSource driver(String url) {
    PGSimpleDataSource driver = new PGSimpleDataSource();
    driver.setUrl(url);
    driver.setApplicationName("shop");
    driver.setSocketTimeout(50);
    return driver;
  }

  /** Appends, recovers, rebuilds and verifies. */
  private void work(TestSystem node) throws Exception {
    node.startAndFinish(log);
    node.record("a", "one", "two");
    ActorRef<Recorder.Command> again = node.recorder("a");
    assertThat(node.read(again)).containsExactly("one", "two");
    get(get(node.kintsugi().rebuild("log", "a test")).done());
    assertThat(get(node.kintsugi().verify("log")).isClean()).isTrue();
    int id = get(node.kintsugi().management("ann").startVerification("log", "a test"));
    eventually(
        () ->
            assertThat(get(node.kintsugi().findVerification("log", id)).orElseThrow().state())
                .isEqualTo(VerificationState.CLEAN));
  }

  /** By what name the sessions of this database go, but for those of the test. */
  private Set<String> names() throws SQLException {
    Set<String> names = new TreeSet<>();
    try (Connection connection = world.database().connection();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                SELECT application_name || count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'shop' GROUP BY application_name
                """)) {
      while (rows.next()) {
        names.add(rows.getString(1));
      }
    }
    return names;
  }

  @Test
  void an_applications_pool_serves_a_node_and_has_its_connections_back_unchanged()
      throws Exception {
    HikariDataSource pool = pool(world.url(), ENOUGH);
    try (TestSystem node = new TestSystem(pool, "")) {
      work(node);
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isBetween(1, 8);
    }

    assertThat(pool.isClosed()).isFalse();
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    int sessions = pool.getHikariPoolMXBean().getIdleConnections();
    assertThat(sessions).isPositive();
    List<Connection> all = new ArrayList<>();
    for (int i = 0; i < sessions; i++) {
      Connection connection = pool.getConnection();
      all.add(connection);
      assertThat(connection.getAutoCommit()).isTrue();
      assertThat(setting(connection, "statement_timeout")).isEqualTo("50s");
      assertThat(setting(connection, "idle_in_transaction_session_timeout")).isEqualTo("0");
      assertThat(setting(connection, "default_transaction_isolation")).isEqualTo("read committed");
      assertThat(setting(connection, "application_name")).isEqualTo("shop");
    }
    for (Connection connection : all) {
      connection.close();
    }
    world.auditWhole(log);
  }

  @Test
  void connections_of_the_driver_that_nobody_pools_serve_a_node_and_end_with_it() throws Exception {
    try (TestSystem node = new TestSystem(driver(world.url()), "")) {
      work(node);
      assertThat(names()).hasSize(1);
    }

    eventually(() -> assertThat(names()).isEmpty());
    world.auditWhole(log);
  }

  @Test
  void a_session_that_the_server_ended_is_handed_on_to_nobody() throws Exception {
    HikariDataSource pool = pool(world.url(), ENOUGH);
    try (TestSystem node = new TestSystem(pool, "")) {
      node.startAndFinish(log);
      world.execute(
          """
          DO $$ BEGIN
            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'shop' AND datname = current_database();
          END $$
          """);
      eventually(() -> works(node));
    }

    try (Connection connection = pool.getConnection()) {
      assertThat(setting(connection, "statement_timeout")).isEqualTo("50s");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_network_that_goes_silent_keeps_nobody_longer_than_the_settings_say(boolean isPooled)
      throws Exception {
    try (Wire wire = new Wire(world.url());
        TestSystem node =
            new TestSystem(
                isPooled ? pool(wire.url(), ENOUGH) : driver(wire.url()),
                """
                kintsugi.jdbc {
                  connection-timeout = 1s, answer-timeout = 1s, long-answer-timeout = 2s
                }
                kintsugi.journal.answer-timeout = 1s
                """)) {
      JournalMessages journal = new JournalMessages(node, "kintsugi.journal");
      journal.persistAll(JournalMessages.event("a", 1, "event", "writer"));
      wire.silence();

      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> node.node().database().inTransaction(c -> setting(c, "port")))
            .satisfies(e -> assertThat(SqlStates.isDatabaseAtFault(e)).as("%s", e).isTrue());
      }

      wire.cut();
      wire.mend();
      eventually(() -> works(node));
      journal.persistAll(JournalMessages.event("a", 2, "event", "writer"));
    }
  }

  /** The pools may go on refusing for a moment after the database is there. */
  private static void works(TestSystem node) {
    assertThatCode(() -> node.node().database().inTransaction(c -> setting(c, "port")))
        .doesNotThrowAnyException();
  }

  // Which one

  /** Named by the configuration. */
  public static final class ShopPool implements DataSourceProvider {
    @Override
    public DataSource dataSource(ClassicActorSystemProvider system) {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl(system.classicSystem().settings().config().getString("shop.url"));
      config.setMaximumPoolSize(ENOUGH);
      config.setMinimumIdle(0);
      HikariDataSource pool = new HikariDataSource(config);
      system
          .classicSystem()
          .registerOnTermination(
              () -> {
                if (pool.getHikariPoolMXBean().getActiveConnections() == 0) {
                  POOLS.add(pool);
                }
                pool.close();
              });
      return pool;
    }
  }

  /** Gives none. */
  public static final class NoPool implements DataSourceProvider {
    @Override
    @SuppressWarnings("NullAway")
    public DataSource dataSource(ClassicActorSystemProvider system) {
      return null;
    }
  }

  /** Can't be made. */
  public static final class Hidden implements DataSourceProvider {
    private Hidden() {}

    @Override
    public DataSource dataSource(ClassicActorSystemProvider system) {
      throw new IllegalStateException("nobody can ask this");
    }
  }

  private static String providedBy(Class<?> provider) {
    return "kintsugi.jdbc.data-source-provider = \"" + provider.getName() + "\"\n";
  }

  @Test
  void a_provider_is_found_by_its_class_and_closes_its_pool_when_nothing_is_out() throws Exception {
    try (TestSystem node =
        TestSystem.bySettings(providedBy(ShopPool.class) + "shop.url = \"" + world.url() + "\"")) {
      work(node);
    }

    assertThat(POOLS).hasSize(1).allMatch(HikariDataSource::isClosed);
  }

  @Test
  void a_node_that_ends_waits_for_who_has_a_connection_before_the_pool_is_closed()
      throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch open = new CountDownLatch(1);
    CompletableFuture<Thread> ending = new CompletableFuture<>();
    TestSystem node =
        TestSystem.bySettings(providedBy(ShopPool.class) + "shop.url = \"" + world.url() + "\"");
    try (node) {
      CompletionStage<String> work =
          node.node()
              .inTransaction(
                  connection -> {
                    begun.countDown();
                    open.await();
                    return setting(connection, "application_name");
                  });
      begun.await();
      node.node().beforeClose(() -> ending.complete(Thread.currentThread()));
      node.system().terminate();
      // It waits for the work; or for anything else to do, if it has gone on without it.
      Thread last = get(ending);
      eventually(() -> assertThat(last.getState()).isNotIn(Thread.State.RUNNABLE));
      assertThat(work.toCompletableFuture()).isNotDone();
      assertThat(node.system().getWhenTerminated().toCompletableFuture()).isNotDone();
      open.countDown();
      assertThat(get(work)).isNotEmpty();
    } finally {
      open.countDown();
    }

    assertThat(POOLS).hasSize(1).allMatch(HikariDataSource::isClosed);
  }

  private static void assertRefused(TestSystem refused, String... named) {
    try (TestSystem node = refused) {
      assertThatThrownBy(node::node)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll(named)
          .message()
          .doesNotContain("hush");
    }
  }

  @Test
  void a_provider_that_can_not_be_had_is_refused_by_its_name() {
    String key = "kintsugi.jdbc.data-source-provider";
    assertRefused(
        TestSystem.bySettings(key + " = \"com.acme.Missing\""),
        key,
        "com.acme.Missing",
        "ClassNotFoundException");
    assertRefused(TestSystem.bySettings(providedBy(Hidden.class)), key, Hidden.class.getName());
    assertRefused(
        TestSystem.bySettings(providedBy(World.class)), key, DataSourceProvider.class.getName());
    assertRefused(TestSystem.bySettings(providedBy(NoPool.class)), key, "that gave no DataSource");
  }

  @Test
  void a_setup_beside_a_provider_is_refused() {
    assertRefused(
        new TestSystem(driver(world.url()), providedBy(ShopPool.class)),
        "DataSourceSetup",
        "kintsugi.jdbc.data-source-provider",
        ShopPool.class.getName());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "url = \"jdbc:postgresql://db/x?password=hush\"",
        "user = hush",
        "password = hush"
      })
  void a_database_that_is_named_besides_is_refused_without_its_value(String setting) {
    assertRefused(
        new TestSystem(driver(world.url()), "kintsugi.jdbc." + setting),
        "kintsugi.jdbc." + setting.split(" ", 2)[0] + " would be ignored",
        PGSimpleDataSource.class.getName());
  }

  @Test
  void a_pool_that_has_fewer_connections_than_the_settings_say_is_refused() {
    assertRefused(
        new TestSystem(pool(world.url(), 7), ""),
        "kintsugi.jdbc.pool-size (8)",
        "maximumPoolSize (7)");
  }

  @Test
  void what_is_unwise_of_a_data_source_is_logged() {
    assertThat(logged(pool(world.url(), 10))).containsExactly("maximumPoolSize (10)");
    assertThat(logged(pool(world.url(), ENOUGH))).isEmpty();
    PGSimpleDataSource unbounded = new PGSimpleDataSource();
    unbounded.setUrl(world.url());
    assertThat(logged(unbounded)).containsExactly("loginTimeout nor socketTimeout");
    assertThat(logged(driver(world.url()))).isEmpty();
  }

  /** Of these words those that a warning has. */
  private static List<String> logged(DataSource dataSource) {
    Logger logger = (Logger) LoggerFactory.getLogger(ConnectionSource.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.addAppender(logged);
    try (TestSystem node = new TestSystem(dataSource, "")) {
      node.node();
    } finally {
      logger.detachAppender(logged);
    }
    String all =
        logged.list.stream()
            .filter(event -> event.getLevel().levelStr.equals("WARN"))
            .map(ILoggingEvent::getFormattedMessage)
            .toList()
            .toString();
    return List.of("maximumPoolSize (10)", "loginTimeout nor socketTimeout").stream()
        .filter(all::contains)
        .toList();
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + name)) {
      row.next();
      return row.getString(1);
    }
  }
}
