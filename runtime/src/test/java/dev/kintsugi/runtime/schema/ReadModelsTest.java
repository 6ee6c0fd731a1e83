package dev.kintsugi.runtime.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A read model's tables are what its script makes by unqualified names. */
class ReadModelsTest {

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private static Projection<String> projection(String name, String ddl) {
    return Projection.named(name)
        .of(String.class)
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

  private void create(ReadModel readModel) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              ReadModels.create(connection, readModel);
              return readModel;
            });
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
  void truncate_empties_all_of_them_whatever_refers_to_what() throws Exception {
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

    world
        .database()
        .inTransaction(
            connection -> {
              ReadModels.truncate(connection, readModel.tables());
              return readModel;
            });

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

  @Test
  void a_script_that_makes_no_table_by_an_unqualified_name_is_refused() {
    assertThatThrownBy(() -> probe(projection("m", "CREATE TABLE public.m_orders (id INT)")))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("m.sql of projection 'm' makes no table by an unqualified name");
  }

  @Test
  void a_script_that_makes_another_projections_table_is_refused() throws Exception {
    Map<String, String> owners = new HashMap<>();
    ReadModels.refuseShared(probe(projection("m", "CREATE TABLE m_orders (id INT)")), owners);

    ReadModel second = probe(projection("n", "CREATE TABLE m_orders (id INT)"));
    assertThatThrownBy(() -> ReadModels.refuseShared(second, owners))
        .isInstanceOf(SchemaException.class)
        .hasMessage(
            "projections 'm' and 'n' both make the table m_orders; a rebuild of one would empty the"
                + " other's");
  }
}
