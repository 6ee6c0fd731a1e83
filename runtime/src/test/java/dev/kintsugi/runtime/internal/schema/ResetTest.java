package dev.kintsugi.runtime.internal.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.runtime.internal.operations.RebuildRequest;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Before a rebuild begins it is known whether its tables can be emptied, or made anew. */
@Tag("slow")
class ResetTest {

  private static final String ORDERS =
      "CREATE TABLE m_orders (id INT PRIMARY KEY, name TEXT, total INT);";

  private final World world = new World();
  private String role = "";

  /** A user who owns nothing, and may do nothing but log in. */
  @BeforeEach
  void createRole() throws Exception {
    role = world.column("SELECT 'user_of_' || current_database()").get(0);
    world.execute("CREATE ROLE " + role);
  }

  @AfterEach
  void close() throws Exception {
    world.execute("DROP OWNED BY " + role);
    world.execute("DROP ROLE " + role);
    world.close();
  }

  private static Projection<String> version(int version, String ddl) {
    return Projection.named("m")
        .of(String.class)
        .version(version)
        .tables(new Tables("m.sql", ddl))
        .handler(() -> JdbcHandler.fromFunction((session, envelope) -> {}))
        .build();
  }

  private ReadModel probe(Projection<?> projection) throws Exception {
    try (Connection connection = world.database().connection()) {
      ReadModel readModel = ReadModels.probe(connection, projection);
      connection.rollback();
      return readModel;
    }
  }

  private ReadModel create(String ddl) throws Exception {
    ReadModel probed = probe(version(1, ddl));
    return world
        .database()
        .inTransaction(connection -> ReadModels.create(connection, probed, Optional.empty()));
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

  private Optional<String> obstacle(int version) throws Exception {
    return world
        .database()
        .inTransaction(connection -> ReadModels.obstacle(connection, "m", version));
  }

  private interface Work<T> {
    T with(Connection connection) throws Exception;
  }

  private <T> T asUser(Work<T> work) throws Exception {
    try (Connection connection = world.database().connection();
        Statement statement = connection.createStatement()) {
      statement.execute("SET ROLE " + role);
      connection.commit();
      try {
        return work.with(connection);
      } finally {
        connection.rollback();
        statement.execute("RESET ROLE");
        connection.commit();
      }
    }
  }

  private String obstacleOfUser(int version) throws Exception {
    return asUser(connection -> ReadModels.obstacle(connection, "m", version)).orElse("none");
  }

  // References, and what depends on the tables

  @Test
  void a_table_that_another_refers_to_is_not_rebuilt_and_nothing_has_changed() throws Exception {
    TestProjection log = new TestProjection("log");
    world.start(log);
    world.execute("CREATE TABLE other (n BIGINT CONSTRAINT to_log REFERENCES log_log)");

    RebuildRequest.Answer answer = world.requestRebuild(log);

    assertThat(answer).isInstanceOf(RebuildRequest.Impossible.class);
    assertThat(((RebuildRequest.Impossible) answer).obstacle())
        .contains("table other (to_log)")
        .contains("drop these constraints");
    assertThat(world.column("SELECT generation || status FROM kintsugi_projection"))
        .containsExactly("1active");

    world.execute("ALTER TABLE other DROP CONSTRAINT to_log");
    assertThat(world.requestRebuild(log)).isEqualTo(new RebuildRequest.Accepted(2));
  }

  @Test
  void references_among_a_projections_own_tables_are_no_obstacle() throws Exception {
    create(ORDERS + "CREATE TABLE m_lines (id INT REFERENCES m_orders)");

    assertThat(obstacle(1)).isEmpty();
    assertThat(obstacle(2)).isEmpty();
  }

  @Test
  void what_depends_on_tables_that_are_made_anew_is_named() throws Exception {
    create(ORDERS);
    world.execute("CREATE VIEW report AS SELECT id FROM m_orders");
    world.execute("CREATE MATERIALIZED VIEW stored AS SELECT id FROM m_orders");
    world.execute(
        "CREATE FUNCTION found() RETURNS SETOF m_orders LANGUAGE sql"
            + " AS 'SELECT 1, NULL::text, 1'");
    world.execute("CREATE TABLE other (id INT REFERENCES m_orders)");

    assertThat(obstacle(2).orElse(""))
        .contains("view report")
        .contains("materialized view stored")
        .contains("function found()")
        .contains("constraint other_id_fkey on table other");

    world.execute("DROP TABLE other");
    assertThat(obstacle(1)).as("emptied, they stay").isEmpty();
  }

  @Test
  void a_raised_version_that_can_not_be_built_is_refused() throws Exception {
    create(ORDERS);
    world.execute("CREATE VIEW report AS SELECT id FROM m_orders");
    ReadModel raised = probe(version(2, ORDERS));

    assertThatThrownBy(
            () ->
                world
                    .database()
                    .inTransaction(
                        connection -> {
                          ReadModels.create(
                              connection,
                              raised,
                              Optional.of(
                                  new Generation(
                                      raised.projection().name(), 1, Status.ACTIVE, false, 1)));
                          ReadModels.refuseObstacle(connection, raised);
                          return raised;
                        }))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("version 2 of projection 'm' can't be built")
        .hasMessageContaining("view report");
  }

  @Test
  void views_that_a_script_makes_are_made_anew_with_its_tables() throws Exception {
    String views =
        "CREATE VIEW m_names AS SELECT name FROM m_orders;"
            + "CREATE MATERIALIZED VIEW m_stored AS SELECT name FROM m_names;";
    create(ORDERS + views);
    assertThat(obstacle(2)).isEmpty();

    reset(probe(version(2, ORDERS + views)));
    assertThat(world.column("SELECT count(*) FROM m_stored")).containsExactly("0");

    reset(probe(version(3, ORDERS)));
    assertThat(world.column("SELECT to_regclass('m_names')")).containsOnlyNulls();
  }

  @Test
  void a_raised_version_whose_script_can_not_run_again_is_refused() throws Exception {
    String kind = "CREATE TYPE m_kind AS ENUM ('a');";
    String numbers = "CREATE SEQUENCE m_numbers;";
    String function = "CREATE FUNCTION m_f() RETURNS int LANGUAGE sql AS 'SELECT 1';";
    create(ORDERS + kind + numbers + function);

    for (String once : List.of(kind, numbers, function)) {
      assertThatThrownBy(() -> refuseObstacle(probe(version(2, ORDERS + once))))
          .as(once)
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("version 2 of projection 'm' can't be built")
          .hasMessageContaining("can't run again")
          .hasMessageContaining("IF NOT EXISTS or OR REPLACE");
    }
    refuseObstacle(probe(version(2, ORDERS)));
    refuseObstacle(probe(version(2, ORDERS + "CREATE TYPE m_other AS ENUM ('a')")));

    String again =
        """
        CREATE SEQUENCE IF NOT EXISTS m_numbers;
        DO $$ BEGIN CREATE TYPE m_kind AS ENUM ('a');
          EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE m_orders (id INT PRIMARY KEY, kind m_kind, n INT DEFAULT nextval('m_numbers'));
        """;
    ReadModel raised = probe(version(2, again));
    refuseObstacle(raised);
    reset(raised);
  }

  private void refuseObstacle(ReadModel readModel) throws Exception {
    world
        .database()
        .inTransaction(
            connection -> {
              ReadModels.refuseObstacle(connection, readModel);
              return readModel;
            });
  }

  // Privileges

  @Test
  void a_privilege_that_emptying_needs_is_named() throws Exception {
    create("CREATE TABLE m_orders (id SERIAL PRIMARY KEY)");
    world.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON m_orders, kintsugi_table TO " + role);

    assertThat(obstacleOfUser(1))
        .contains("the database's user")
        .contains("lacks TRUNCATE on table m_orders")
        .contains("ownership of sequence m_orders_id_seq");

    world.execute("ALTER TABLE m_orders OWNER TO " + role);
    assertThat(obstacleOfUser(1)).isEqualTo("none");
  }

  @Test
  void privileges_that_making_anew_needs_are_named() throws Exception {
    create(ORDERS);
    world.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    world.execute("GRANT SELECT ON kintsugi_table TO " + role);

    assertThat(obstacleOfUser(2))
        .contains("CREATE on schema public")
        .contains("ownership of table m_orders");

    world.execute("ALTER TABLE m_orders OWNER TO " + role);
    world.execute("GRANT CREATE ON SCHEMA public TO " + role);
    assertThat(obstacleOfUser(2)).isEqualTo("none");
  }

  @Test
  void a_user_who_may_make_no_schema_finds_out_what_a_script_makes() throws Exception {
    String ddl =
        ORDERS
            + """
            CREATE INDEX m_orders_name ON m_orders (name);
            CREATE TABLE "m Lines" (id INT REFERENCES m_orders, total INT CHECK (total > 0));
            CREATE VIEW m_view AS SELECT * FROM m_orders;
            """;
    ReadModel expected = probe(version(1, ddl));

    ReadModel found = asUser(connection -> ReadModels.probe(connection, version(1, ddl)));

    assertThat(found.tables()).isEqualTo(expected.tables());
    assertThat(found.views()).isEqualTo(expected.views());
    assertThat(found.made()).isEqualTo(expected.made());

    String trigger =
        ORDERS
            + """
            CREATE OR REPLACE FUNCTION m_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER t BEFORE INSERT ON m_orders FOR EACH ROW EXECUTE FUNCTION m_f();
            """;
    assertThatThrownBy(
            () -> asUser(connection -> ReadModels.probe(connection, version(1, trigger))))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("m.sql of projection 'm' fails")
        .hasMessageContaining("GRANT CREATE ON DATABASE");

    String database = world.column("SELECT current_database()").get(0);
    world.execute("REVOKE TEMPORARY ON DATABASE " + database + " FROM PUBLIC");
    assertThatThrownBy(() -> asUser(connection -> ReadModels.probe(connection, version(1, ddl))))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("GRANT TEMPORARY ON DATABASE " + database + " TO " + role);
  }

  // What an operator made by hand

  private List<String> indexes() throws Exception {
    return world.column("SELECT indexname FROM pg_indexes WHERE tablename = 'm_orders' ORDER BY 1");
  }

  private boolean may(String privilege, String column) throws Exception {
    return world
        .column(
            "SELECT has_column_privilege('%s', 'm_orders', '%s', '%s')"
                .formatted(role, column, privilege))
        .contains("t");
  }

  @Test
  void indexes_and_privileges_by_hand_survive_a_raised_version() throws Exception {
    create(ORDERS + "CREATE INDEX m_of_script ON m_orders (name)");
    world.execute("CREATE INDEX by_hand ON m_orders (total)");
    world.execute("CREATE INDEX of_name ON m_orders (lower(name)) WHERE id > 0");
    world.execute("CREATE UNIQUE INDEX only_one ON m_orders (total, name)");
    world.execute("GRANT SELECT ON m_orders TO " + role + " WITH GRANT OPTION");
    world.execute("GRANT UPDATE (name) ON m_orders TO " + role);

    reset(probe(version(2, ORDERS)));

    assertThat(indexes()).containsExactly("by_hand", "m_orders_pkey", "of_name");
    assertThat(may("SELECT WITH GRANT OPTION", "id")).isTrue();
    assertThat(may("UPDATE", "name")).isTrue();
    assertThat(may("UPDATE", "total")).isFalse();
  }

  @Test
  void what_does_not_fit_the_new_tables_is_left_out_and_the_rest_is_made_again() throws Exception {
    create(ORDERS);
    world.execute("CREATE INDEX a_total ON m_orders (total)");
    world.execute("CREATE INDEX b_name ON m_orders (name)");
    world.execute("GRANT UPDATE (total), SELECT (name) ON m_orders TO " + role);

    reset(probe(version(2, "CREATE TABLE m_orders (id INT PRIMARY KEY, name TEXT)")));

    assertThat(indexes()).containsExactly("b_name", "m_orders_pkey");
    assertThat(may("SELECT", "name")).isTrue();
  }

  @Test
  void indexes_of_tables_that_nobody_noted_are_taken_for_the_scripts() throws Exception {
    create(ORDERS + "CREATE INDEX m_of_script ON m_orders (name)");
    world.execute("UPDATE kintsugi_table SET indexes = NULL, views = NULL");

    reset(probe(version(2, ORDERS)));

    assertThat(indexes()).containsExactly("m_orders_pkey");
  }
}
