package dev.kintsugi.runtime.internal.schema;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A read model's tables are what its script makes by unqualified names. */
@Tag("slow")
class ReadModelsTest {

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private static Projection<String> projection(String name, String ddl) {
    return projection(name, 1, ddl);
  }

  private static Projection<String> projection(String name, int version, String ddl) {
    return Projection.named(name)
        .of(String.class)
        .version(version)
        .tables(new Tables(name + ".sql", ddl))
        .handler(() -> JdbcHandler.fromFunction(ReadModelsTest::ignore))
        .build();
  }

  private static void ignore(JdbcSession session, EventEnvelope<String> envelope) {}

  private ReadModel probe(Projection<?> projection) throws Exception {
    try (Connection connection = world.database().connection()) {
      return ReadModels.probe(connection, projection);
    }
  }

  private ReadModel probeUnchecked(String ddl) {
    try {
      return probe(projection("m", ddl));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void create(ReadModel readModel) throws Exception {
    create(readModel, Optional.empty());
  }

  private void create(ReadModel readModel, Optional<Integer> built) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              ReadModels.lock(connection);
              ReadModels.create(
                  connection,
                  readModel,
                  built.map(
                      version ->
                          new Generation(
                              readModel.projection().name(), 1, Status.ACTIVE, false, version)));
              return readModel;
            });
  }

  private void reset(ReadModel readModel) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              ReadModels.reset(connection, readModel, null);
              return readModel;
            });
  }

  /** Whose each table is: "table projection version". */
  private List<String> owners() throws Exception {
    return world.column(
        "SELECT table_name || ' ' || projection || ' ' || version FROM kintsugi_table ORDER BY 1");
  }

  private List<String> tables() throws Exception {
    return world.column(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE 'm%'"
            + " AND relnamespace = 'public'::regnamespace ORDER BY 1");
  }

  @Test
  void the_tables_are_found_by_running_the_script_and_nothing_of_it_stays() throws Exception {
    ReadModel readModel =
        probe(
            projection(
                "m",
                """
                CREATE TABLE m_orders (id INT PRIMARY KEY, total INT);
                CREATE INDEX m_orders_total ON m_orders (total);
                CREATE TABLE IF NOT EXISTS "m Lines" (id INT REFERENCES m_orders);
                CREATE VIEW m_view AS SELECT * FROM m_orders;
                """));

    assertThat(readModel.tables()).containsExactly("\"m Lines\"", "m_orders");
    assertThat(tables()).isEmpty();
    assertThat(world.column("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'kintsugi%'"))
        .isEmpty();
  }

  @Test
  void the_tables_are_found_also_when_they_are_there_already() throws Exception {
    Projection<String> projection = projection("m", "CREATE TABLE IF NOT EXISTS m_orders (id INT)");
    create(probe(projection));

    assertThat(probe(projection).tables()).containsExactly("m_orders");
  }

  @Test
  void a_partitioned_table_is_one() throws Exception {
    ReadModel readModel =
        probe(
            projection(
                "m",
                """
                CREATE TABLE m_days (day INT) PARTITION BY RANGE (day);
                CREATE TABLE m_days_rest PARTITION OF m_days DEFAULT;
                """));

    assertThat(readModel.tables()).containsExactly("m_days");
  }

  @Test
  void a_script_runs_where_a_table_is_missing_and_only_there() throws Exception {
    ReadModel readModel = probe(projection("m", "CREATE TABLE m_orders (id INT)"));

    create(readModel);
    world.execute("INSERT INTO m_orders VALUES (1)");
    create(readModel);

    assertThat(tables()).containsExactly("m_orders");
    assertThat(world.column("SELECT id FROM m_orders")).containsExactly("1");
  }

  @Test
  void a_reset_empties_all_of_them_whatever_refers_to_what() throws Exception {
    ReadModel readModel =
        probe(
            projection(
                "m",
                """
                CREATE TABLE m_orders (id SERIAL PRIMARY KEY);
                CREATE TABLE "m Lines" (id INT REFERENCES m_orders);
                """));
    create(readModel);
    world.execute("INSERT INTO m_orders DEFAULT VALUES");
    world.execute("INSERT INTO \"m Lines\" VALUES (1)");

    reset(readModel);

    assertThat(world.column("SELECT id FROM \"m Lines\"")).isEmpty();
    world.execute("INSERT INTO m_orders DEFAULT VALUES");
    assertThat(world.column("SELECT id FROM m_orders")).as("numbered anew").containsExactly("1");
  }

  @Test
  void a_script_that_fails_is_refused_with_its_name_and_the_databases_reason() {
    assertThatThrownBy(() -> probe(projection("m", "CREATE TABLE m_orders (id INTT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("the table script m.sql of projection 'm' fails")
        .hasMessageContaining("type \"intt\" does not exist");
  }

  private void assertElsewhere(String ddl, String table) {
    assertThatThrownBy(() -> probe(projection("m", ddl)))
        .as(ddl)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("m.sql of projection 'm' makes " + table + " by a qualified name")
        .hasMessageContaining("A rebuild would not empty it");
  }

  @Test
  void a_script_that_makes_a_table_in_another_schema_is_refused_whatever_else_it_makes() {
    assertElsewhere("CREATE TABLE public.m_orders (id INT)", "public.m_orders");
    assertElsewhere(
        "CREATE TABLE m_orders (id INT); CREATE SCHEMA other; CREATE TABLE other.\"m Lines\" (id INT)",
        "other.\"m Lines\"");
    assertElsewhere(
        "CREATE TABLE m_orders (id INT); CREATE TABLE public.m_days (day INT) PARTITION BY RANGE (day)",
        "public.m_days");
    assertElsewhere(
        "CREATE TABLE m_orders (id INT); CREATE MATERIALIZED VIEW public.m_view AS SELECT 1 AS one",
        "public.m_view");
    assertElsewhere(
        """
        CREATE TABLE m_orders (id INT);
        DO $$ BEGIN CREATE TABLE public.m_lines (id INT);
          EXCEPTION WHEN duplicate_table THEN NULL; END $$
        """,
        "public.m_lines");
  }

  @Test
  void what_is_no_table_of_the_read_model_may_be_anywhere() throws Exception {
    ReadModel readModel =
        probe(
            projection(
                "m",
                """
                CREATE TEMP TABLE m_scratch (id INT);
                CREATE TABLE m_days (day INT) PARTITION BY RANGE (day);
                CREATE TABLE public.m_days_rest PARTITION OF m_days DEFAULT;
                CREATE VIEW public.m_view AS SELECT 1 AS one;
                """));

    assertThat(readModel.tables()).containsExactly("m_days");
  }

  /** What another transaction commits while a script is probed is not the script's. */
  @Test
  void a_table_that_another_makes_meanwhile_is_not_taken_for_the_scripts() throws Exception {
    ReadModel readModel;
    try (Connection holder = world.database().connection();
        Statement statement = holder.createStatement()) {
      statement.execute("SELECT pg_advisory_xact_lock(42)");
      CompletableFuture<ReadModel> probed =
          CompletableFuture.supplyAsync(
              () ->
                  probeUnchecked(
                      "SELECT pg_advisory_xact_lock(42); CREATE TABLE m_orders (id INT)"));
      eventually(() -> assertThat(world.someoneWaitsForALock()).isTrue());
      world.execute("CREATE TABLE m_of_another (id INT)");
      holder.rollback();
      readModel = get(probed);
    }

    assertThat(tables()).containsExactly("m_of_another");
    assertThat(readModel.tables()).containsExactly("m_orders");
  }

  @Test
  void a_script_that_makes_no_table_is_refused() {
    for (String ddl :
        List.of(
            "SELECT 1",
            "CREATE VIEW m_view AS SELECT 1 AS one",
            "CREATE TEMP TABLE m_t (id INT)")) {
      assertThatThrownBy(() -> probe(projection("m", ddl)))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("m.sql of projection 'm' makes no table by an unqualified name");
    }
  }

  @Test
  void a_script_that_makes_a_qualified_table_that_is_there_makes_none() throws Exception {
    world.execute("CREATE TABLE m_orders (id INT)");

    assertThatThrownBy(
            () -> probe(projection("m", "CREATE TABLE IF NOT EXISTS public.m_orders (id INT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("m.sql of projection 'm' makes no table by an unqualified name");
  }

  // Whose table it is

  private static final String ORDERS = "CREATE TABLE IF NOT EXISTS m_orders (id INT);";
  private static final String LINES = "CREATE TABLE IF NOT EXISTS m_lines (id INT);";
  private static final String TOTALS = "CREATE TABLE m_totals (total INT);";

  @Test
  void a_table_is_noted_as_its_projections_in_the_transaction_that_makes_it() throws Exception {
    create(probe(projection("m", 3, ORDERS + LINES)));

    assertThat(owners()).containsExactly("m_lines m 3", "m_orders m 3");
  }

  @Test
  void a_script_that_makes_another_projections_table_is_refused() throws Exception {
    create(probe(projection("m", 2, ORDERS)));
    ReadModel second = probe(projection("n", ORDERS + TOTALS));

    assertThatThrownBy(() -> create(second))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining(
            "projections 'm' and 'n' both make the table m_orders; a rebuild of one would empty the"
                + " other's")
        .hasMessageContaining("made it in version 2")
        .hasMessageContaining("DELETE FROM kintsugi_table WHERE projection = 'm'");
    assertThat(tables()).containsExactly("m_orders");
    assertThat(owners()).containsExactly("m_orders m 2");
  }

  @Test
  void two_nodes_that_start_two_projections_with_one_table_at_once_get_one_of_them()
      throws Exception {
    ReadModel first = probe(projection("m", ORDERS));
    ReadModel second = probe(projection("n", ORDERS));
    try (Connection connection = world.database().connection()) {
      ReadModels.lock(connection);
      ReadModels.create(connection, first, Optional.empty());
      CompletableFuture<Throwable> other =
          CompletableFuture.supplyAsync(() -> catchThrowable(() -> create(second)));
      eventually(() -> assertThat(other.isDone() || world.someoneWaitsForALock()).isTrue());
      connection.commit();

      assertThat(get(other))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("projections 'm' and 'n' both make the table m_orders");
    }
    assertThat(owners()).containsExactly("m_orders m 1");
  }

  @Test
  void a_raised_versions_tables_are_made_by_its_rebuild_and_not_before() throws Exception {
    create(probe(projection("m", ORDERS + LINES)));
    world.execute("INSERT INTO m_orders VALUES (1)");
    ReadModel raised = probe(projection("m", 2, "CREATE TABLE m_orders (id TEXT);" + TOTALS));

    create(raised, Optional.of(1));
    assertThat(tables()).containsExactly("m_lines", "m_orders");
    assertThat(world.column("SELECT id FROM m_orders")).containsExactly("1");
    create(raised, Optional.of(2));
    assertThat(tables()).as("started again, before the rebuild").doesNotContain("m_totals");

    reset(raised);
    assertThat(tables()).containsExactly("m_orders", "m_totals");
    assertThat(owners()).containsExactly("m_orders m 2", "m_totals m 2");
    world.execute("INSERT INTO m_orders VALUES ('text')");

    reset(raised);
    assertThat(world.column("SELECT id FROM m_orders")).as("truncated").isEmpty();
    create(raised, Optional.of(2));
    assertThat(owners()).containsExactly("m_orders m 2", "m_totals m 2");
  }

  @Test
  void the_tables_of_a_raised_version_are_its_own_before_they_are_there() throws Exception {
    create(probe(projection("m", ORDERS)));
    create(probe(projection("m", 2, ORDERS + LINES)), Optional.of(1));

    assertThatThrownBy(() -> create(probe(projection("n", LINES))))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projections 'm' and 'n' both make the table m_lines");
  }

  @Test
  void a_reset_by_the_version_that_made_the_tables_keeps_them() throws Exception {
    ReadModel readModel = probe(projection("m", ORDERS));
    create(readModel);
    world.execute("ALTER TABLE m_orders ADD by_hand INT");
    world.execute("INSERT INTO m_orders VALUES (1, 2)");

    reset(readModel);

    assertThat(world.column("SELECT by_hand FROM m_orders")).isEmpty();
  }

  @Test
  void an_older_build_makes_nothing_and_takes_nothing() throws Exception {
    create(probe(projection("m", 2, ORDERS)));
    create(probe(projection("n", LINES)));

    create(probe(projection("m", 1, ORDERS + LINES + TOTALS)), Optional.of(2));

    assertThat(tables()).containsExactly("m_lines", "m_orders");
    assertThat(owners()).containsExactly("m_lines n 1", "m_orders m 2");
  }

  @Test
  void tables_from_before_there_were_notes_are_the_projections_in_its_rows_version()
      throws Exception {
    world.execute("CREATE TABLE m_orders (id INT)");
    world.execute("INSERT INTO m_orders VALUES (1)");

    create(probe(projection("m", 4, ORDERS)), Optional.of(4));
    assertThat(owners()).containsExactly("m_orders m 4");
    assertThat(world.column("SELECT id FROM m_orders")).containsExactly("1");

    ReadModel raised = probe(projection("m", 5, "CREATE TABLE m_orders (id TEXT)"));
    create(raised, Optional.of(4));
    reset(raised);
    assertThat(owners()).containsExactly("m_orders m 5");
    world.execute("INSERT INTO m_orders VALUES ('text')");
  }

  @Test
  void tables_from_before_there_were_notes_are_made_anew_where_the_version_is_raised_at_once()
      throws Exception {
    world.execute("CREATE TABLE m_orders (id INT)");
    world.execute("INSERT INTO m_orders VALUES (1)");
    ReadModel raised = probe(projection("m", 5, "CREATE TABLE m_orders (id TEXT);" + TOTALS));

    create(raised, Optional.of(4));
    assertThat(owners()).containsExactly("m_orders m 4", "m_totals m 4");
    assertThat(tables()).containsExactly("m_orders");

    reset(raised);
    assertThat(owners()).containsExactly("m_orders m 5", "m_totals m 5");
    world.execute("INSERT INTO m_orders VALUES ('text')");
  }

  @Test
  void a_new_table_of_a_raised_version_that_holds_anothers_rows_is_refused() throws Exception {
    create(probe(projection("m", ORDERS)));
    world.execute("CREATE TABLE m_totals (total INT)");
    world.execute("INSERT INTO m_totals VALUES (1)");

    assertThatThrownBy(() -> create(probe(projection("m", 2, ORDERS + TOTALS)), Optional.of(1)))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projection 'm' would be built into m_totals")
        .hasMessageContaining("holds rows already");
    assertThat(owners()).containsExactly("m_orders m 1");
  }

  @Test
  void older_tables_that_something_depends_on_are_not_dropped_and_the_error_says_what()
      throws Exception {
    create(probe(projection("m", ORDERS + LINES)));
    world.execute("INSERT INTO m_orders VALUES (1)");
    world.execute("CREATE VIEW report AS SELECT * FROM m_orders");
    ReadModel raised = probe(projection("m", 2, "CREATE TABLE m_orders (id TEXT)"));

    assertThatThrownBy(() -> reset(raised))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("version 2 of projection 'm'")
        .hasMessageContaining("m_lines, m_orders")
        .hasMessageContaining("view report")
        .hasMessageContaining("Drop that first");
    assertThat(world.column("SELECT id FROM report")).containsExactly("1");
    assertThat(owners()).containsExactly("m_lines m 1", "m_orders m 1");

    world.execute("DROP VIEW report");
    reset(raised);
    assertThat(tables()).containsExactly("m_orders");
  }

  @Test
  void a_new_script_that_fails_leaves_the_older_tables() throws Exception {
    create(probe(projection("m", ORDERS)));
    world.execute("INSERT INTO m_orders VALUES (1)");
    ReadModel raised =
        new ReadModel(projection("m", 2, "CREATE TABLE m_orders (id INTT)"), List.of("m_orders"));

    assertThatThrownBy(() -> reset(raised))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("the table script m.sql of projection 'm' fails");

    assertThat(world.column("SELECT id FROM m_orders")).containsExactly("1");
    assertThat(owners()).containsExactly("m_orders m 1");
  }
}
