package dev.kintsugi.runtime.internal.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.IndexBound;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.rows.RowTable;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a script really made decides how its tables are written, and whether they can be. */
@Tag("slow")
class MadeAsDeclaredTest {

  private static final RowTable STOCK =
      RowTable.named("stock")
          .key("k", "text")
          .column("name", "text")
          .column("at", "timestamptz")
          .counter("n")
          .greatest("most", "bigint");

  private static final Column KEY = Column.of("k", "text");
  private static final Column NAME = Column.of("name", "text");

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private static Projection<String> rows(String ddl) {
    return rows(STOCK, ddl);
  }

  private static Projection<String> rows(RowTable table, String ddl) {
    return Projection.named("stock")
        .of(String.class)
        .tables(new Tables("stock.sql", ddl))
        .rows(List.of(table), (envelope, changes) -> {})
        .build();
  }

  private static Projection<String> handler(String ddl) {
    return Projection.named("handled")
        .of(String.class)
        .tables(new Tables("handled.sql", ddl))
        .handler(() -> JdbcHandler.fromFunction((session, envelope) -> {}))
        .build();
  }

  /** A fold's state. */
  record State(long n) {}

  private static Projection<String> fold() {
    return Projection.named("folded")
        .of(String.class)
        .<State>fold(
            State.class,
            fold ->
                fold.evolve((state, envelope) -> Optional.of(new State(1)))
                    .column("n", "bigint", State::n)
                    .index("n"))
        .build();
  }

  private static String script(String columns) {
    return script(columns, "");
  }

  /** A script of the declared table, but for some columns, and what else it makes. */
  private static String script(String columns, String more) {
    StringBuilder ddl = new StringBuilder("CREATE TABLE stock (");
    Map.of(
            "k", "text PRIMARY KEY",
            "name", "text",
            "at", "timestamptz",
            "n", "bigint NOT NULL DEFAULT 0",
            "most", "bigint")
        .forEach(
            (name, type) -> {
              if (!(", " + columns).contains(", " + name + " ")) {
                ddl.append(name).append(' ').append(type).append(", ");
              }
            });
    return ddl.append(columns.isEmpty() ? "fillers int" : columns)
        .append(");")
        .append(more)
        .toString();
  }

  /** How a read model has to be written, as its script makes it. */
  private Writing probed(Projection<?> projection) throws Exception {
    try (Connection connection = world.database().connection()) {
      ReadModel probed = ReadModels.probe(connection, projection);
      connection.rollback();
      return writing(probed);
    }
  }

  private static Writing writing(ReadModel readModel) {
    return SharedSecrets.definitionOf(readModel.projection()).writing();
  }

  private ReadModel created(Projection<?> projection, Optional<Integer> built) throws Exception {
    ReadModel probed;
    try (Connection connection = world.database().connection()) {
      probed = ReadModels.probe(connection, projection);
      connection.rollback();
    }
    return world
        .database()
        .inTransaction(
            connection ->
                ReadModels.create(
                    connection,
                    probed,
                    built.map(
                        version ->
                            new Generation(
                                probed.projection().name(), 1, Status.ACTIVE, false, version))));
  }

  private void assertAsSets(String ddl, IndexBound... bounds) throws Exception {
    assertThat(probed(rows(ddl))).as(ddl).isEqualTo(Writing.AS_SETS.within(List.of(bounds)));
  }

  private void assertInEventsOrder(String ddl) throws Exception {
    assertThat(probed(rows(ddl)).inEventsOrder()).as(ddl).isTrue();
  }

  @Test
  void what_the_runtime_makes_itself_is_written_as_sets() throws Exception {
    Projection<String> made =
        Projection.named("stock")
            .of(String.class)
            .rows(List.of(STOCK.index("name")), (envelope, rows) -> {})
            .build();

    assertThat(probed(made))
        .isEqualTo(
            Writing.AS_SETS.within(
                List.of(
                    new IndexBound("stock", "stock_name_idx", List.of(), List.of(NAME), 2600))));
    assertThat(probed(fold())).isEqualTo(Writing.AS_SETS);
  }

  @Test
  void a_script_that_judges_no_row_by_another_is_written_as_sets() throws Exception {
    assertAsSets(script(""));
    assertAsSets(script("k varchar PRIMARY KEY").replace("varchar", "text"));
    assertAsSets(script("n bigint"));
    assertAsSets(script("name text DEFAULT 'none'"));
    assertAsSets(script("seen timestamptz NOT NULL DEFAULT now()"));
    assertAsSets(
        script("", "CREATE INDEX ON stock (name, at)"),
        new IndexBound("stock", "stock_name_at_idx", List.of(), List.of(NAME), 2600));
    assertAsSets(script("", "CREATE VIEW names AS SELECT name FROM stock"));
    assertAsSets(script("", "CREATE TABLE other (id int UNIQUE CHECK (id > 0))"));
  }

  @Test
  void a_script_that_can_refuse_or_change_more_than_a_row_is_written_in_the_events_order()
      throws Exception {
    assertInEventsOrder(script("n bigint NOT NULL DEFAULT 0 CHECK (n >= 0)"));
    assertInEventsOrder(script("name text NOT NULL"));
    assertInEventsOrder(script("name text NOT NULL DEFAULT ''"));
    assertInEventsOrder(script("n bigint NOT NULL"));
    assertInEventsOrder(script("n bigint DEFAULT 0"));
    assertInEventsOrder(script("n bigint NOT NULL DEFAULT 1"));
    assertInEventsOrder(script("most bigint DEFAULT 5"));
    assertInEventsOrder(script("most bigint NOT NULL DEFAULT 0"));
    assertInEventsOrder(script("name text UNIQUE"));
    assertInEventsOrder(script("", "CREATE UNIQUE INDEX ON stock (name) WHERE n > 0"));
    assertInEventsOrder(script("", "CREATE UNIQUE INDEX ON stock (lower(name))"));
    assertInEventsOrder(script("", "CREATE INDEX ON stock ((1 / n))"));
    assertInEventsOrder(script("", "CREATE INDEX ON stock (name) WHERE n > 0"));
    assertInEventsOrder(script("EXCLUDE USING btree (name WITH =)"));
    assertInEventsOrder(script("twice bigint GENERATED ALWAYS AS (2 * most) STORED"));
    assertInEventsOrder(script("id bigserial"));
    assertInEventsOrder(script("id bigint GENERATED ALWAYS AS IDENTITY"));
    assertInEventsOrder(script("most bigint GENERATED BY DEFAULT AS IDENTITY"));
    assertInEventsOrder(
        "CREATE TABLE p (name text PRIMARY KEY);" + script("name text REFERENCES p"));
    assertInEventsOrder(script("", "CREATE TABLE c (k text REFERENCES stock ON DELETE CASCADE)"));
    assertInEventsOrder(script("name text REFERENCES stock"));
    assertInEventsOrder(
        script(
            "",
            """
            CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER t BEFORE INSERT ON stock FOR EACH ROW EXECUTE FUNCTION nothing();
            """));
    assertInEventsOrder(script("", "CREATE RULE r AS ON DELETE TO stock DO ALSO NOTIFY gone"));
    assertInEventsOrder(script("", "ALTER TABLE stock ENABLE ROW LEVEL SECURITY"));
    assertInEventsOrder(
        script("").replace(");", ") PARTITION BY HASH (k);")
            + "CREATE TABLE stock_0 PARTITION OF stock FOR VALUES WITH (MODULUS 1, REMAINDER 0)");
    assertInEventsOrder(script("", "CREATE TABLE heir () INHERITS (stock)"));
  }

  @Test
  void a_type_that_takes_less_than_the_declared_one_is_written_in_the_events_order()
      throws Exception {
    for (String type : List.of("varchar(5)", "char(5)", "text COLLATE \"C\"")) {
      assertInEventsOrder(script("name " + type));
    }
    assertInEventsOrder(
        "CREATE DOMAIN short AS text CHECK (length(VALUE) < 5);" + script("name short"));
    for (String type : List.of("timestamptz(3)", "timestamp", "date")) {
      assertInEventsOrder(script("at " + type));
    }
    for (String type : List.of("integer", "numeric(10, 2)", "double precision")) {
      assertInEventsOrder(script("most " + type));
    }
    assertInEventsOrder(script("k varchar(20) PRIMARY KEY"));
  }

  @Test
  void an_index_bounds_the_values_that_it_has_and_differ_in_size() throws Exception {
    assertAsSets(script("", "CREATE INDEX ON stock (at, n, most)"));
    assertAsSets(script("", "CREATE INDEX ON stock USING hash (name)"));
    assertAsSets(script("", "CREATE INDEX ON stock (k)"));
    assertAsSets(
        script("", "CREATE INDEX i ON stock (n) INCLUDE (name, k)"),
        new IndexBound("stock", "i", List.of(KEY), List.of(NAME), 2600));
    assertAsSets(
        script("k text, PRIMARY KEY (k) INCLUDE (name)"),
        new IndexBound("stock", "stock_pkey", List.of(KEY), List.of(NAME), 2600));
    String fixed = " timestamptz DEFAULT now()";
    assertAsSets(
        script(
            "c1 #, c2 #, c3 #, c4 #, c5 #, c6 #, c7 #, c8 #, c9 #, c10 #, c11 #, c12 #"
                .replace(" #", fixed),
            "CREATE INDEX i ON stock (k, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12)"),
        new IndexBound("stock", "i", List.of(KEY), List.of(), 2584));
    assertAsSets(script("blob bytea, words text[]", "CREATE INDEX ON stock (blob, words)"));
  }

  @Test
  void an_index_of_which_nobody_knows_what_it_takes_is_written_in_the_events_order()
      throws Exception {
    assertInEventsOrder(script("", "CREATE INDEX ON stock USING brin (name)"));
    assertInEventsOrder(script("blob bytea DEFAULT 'x'", "CREATE INDEX ON stock (blob, n)"));
    assertInEventsOrder(script("words text[] DEFAULT '{a}'", "CREATE INDEX ON stock (words)"));
    assertInEventsOrder(
        script("words text[] DEFAULT '{a}'", "CREATE INDEX ON stock USING gin (words)"));
    assertInEventsOrder(
        script("name text DEFAULT repeat('x', 5000)", "CREATE INDEX ON stock (name)"));
    assertAsSets(
        script("name text DEFAULT 'none'", "CREATE INDEX i ON stock (name)"),
        new IndexBound("stock", "i", List.of(), List.of(NAME), 2600));
    assertAsSets(
        script("doc jsonb DEFAULT '{}'", "CREATE INDEX ON stock USING gin (doc jsonb_path_ops)"));
  }

  @Test
  void the_bounds_of_an_index_that_a_rebuild_has_dropped_or_a_hand_has_made_count()
      throws Exception {
    Projection<String> made =
        Projection.named("stock")
            .of(String.class)
            .rows(List.of(STOCK.index("name")), (envelope, rows) -> {})
            .build();
    created(made, Optional.empty());
    world.execute("DROP INDEX stock_name_idx");
    world.execute("CREATE INDEX by_hand ON stock (name)");

    assertThat(writing(created(made, Optional.of(1))).bounds())
        .extracting(IndexBound::index)
        .containsExactly("by_hand", "stock_name_idx");
  }

  @Test
  void a_table_beside_the_declared_ones_decides_nothing_unless_it_refers_to_them()
      throws Exception {
    assertAsSets(script("", "CREATE TABLE other (id int PRIMARY KEY, n int NOT NULL)"));
  }

  // Refused

  private void assertRefused(String ddl, String... said) {
    assertRefused(rows(ddl), said);
  }

  private void assertRefused(Projection<?> projection, String... said) {
    assertThatThrownBy(() -> probed(projection))
        .as(projection.tables().ddl())
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projection '" + projection.name() + "'")
        .hasMessageContainingAll(said);
  }

  @Test
  void a_key_that_the_database_compares_otherwise_is_refused() {
    assertRefused(
        script("k char(8) PRIMARY KEY"), "key column 'k' as character(8)", "Make it text");
    assertRefused(
        "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
            + script("k text COLLATE ci PRIMARY KEY"),
        "key column 'k' as text COLLATE ci (of a nondeterministic collation)");
    assertRefused(
        "CREATE DOMAIN code AS char(8);" + script("k code PRIMARY KEY"), "key column 'k' as code");
    assertRefused(script("k name PRIMARY KEY"), "key column 'k' as name");

    Map<String, List<String>> unfit =
        Map.of(
            "bigint", List.of("integer", "numeric", "double precision", "text"),
            "timestamptz", List.of("timestamptz(3)", "timestamp"),
            "date", List.of("timestamp"),
            "uuid", List.of("text"));
    unfit.forEach(
        (declared, made) ->
            made.forEach(
                type ->
                    assertRefused(
                        rows(
                            RowTable.named("t").key("id", declared).counter("n"),
                            "CREATE TABLE t (id %s PRIMARY KEY, n bigint)".formatted(type)),
                        "key column 'id'",
                        "declared as " + declared)));
  }

  @Test
  void another_primary_key_than_the_declared_one_is_refused() {
    assertRefused(script("k text"), "has no primary key", "PRIMARY KEY (k)");
    assertRefused(script("k text, PRIMARY KEY (k, name)"), "has the primary key [k, name]");
    assertRefused(script("k text PRIMARY KEY DEFERRABLE"), "has no primary key (or a deferrable");
    assertRefused(script("k text UNIQUE"), "has no primary key");
  }

  @Test
  void what_is_declared_and_not_made_is_refused() {
    assertRefused("CREATE TABLE stocks (k text PRIMARY KEY)", "table stock", "Made: [stocks]");
    assertRefused(
        "CREATE TABLE stock (k text PRIMARY KEY, name text, n bigint, most bigint)",
        "has no column 'at', which is declared as timestamptz",
        "Found: k text, name text",
        "raise the projection's .version(n)");
  }

  @Test
  void a_column_that_takes_no_value_of_the_declared_type_is_refused() {
    assertRefused(script("at uuid"), "column 'at' as uuid", "takes no timestamptz");
    assertRefused(
        "CREATE TYPE mood AS ENUM ('ok');" + script("name mood"),
        "column 'name' as mood",
        "takes no text");
    assertRefused(
        script("most bigint GENERATED ALWAYS AS (1) STORED"), "'most' that is GENERATED ALWAYS");
    assertRefused(script("n bigint GENERATED ALWAYS AS IDENTITY"), "'n' that is GENERATED ALWAYS");
  }

  @Test
  void a_column_that_nobody_fills_is_refused() {
    assertRefused(script("more int NOT NULL"), "column 'more' integer NOT NULL", "Declare it");
  }

  @Test
  void a_table_that_a_crash_would_empty_is_refused() {
    assertRefused(
        handler("CREATE UNLOGGED TABLE handled (id int)"), "table handled", "is UNLOGGED");
    assertRefused(
        handler(
            "CREATE TABLE handled (id int) PARTITION BY RANGE (id);"
                + "CREATE UNLOGGED TABLE part PARTITION OF handled DEFAULT"),
        "table handled",
        "a partition that is");
  }

  @Test
  void rows_that_a_script_inserts_are_refused() {
    assertRefused(
        handler("CREATE TABLE handled (id int); INSERT INTO handled VALUES (1)"),
        "handled.sql",
        "inserts rows into handled");
  }

  // Constraints that would be looked at when the transaction commits

  @Test
  void deferred_constraints_are_named_for_projections_of_every_kind() throws Exception {
    String deferred =
        """
        CREATE TABLE "H P" (id int PRIMARY KEY);
        CREATE TABLE handled (id int, p int
          CONSTRAINT "to p" REFERENCES "H P" DEFERRABLE INITIALLY DEFERRED,
          CONSTRAINT at_once UNIQUE (id) DEFERRABLE);
        """;
    assertThat(probed(handler(deferred))).isEqualTo(new Writing(false, List.of("\"to p\"")));

    ReadModel made = created(handler(deferred), Optional.empty());
    assertThat(writing(made).deferredConstraints()).containsExactly("public.\"to p\"");
    world.execute("SET CONSTRAINTS " + "public.\"to p\"" + " IMMEDIATE");
    assertThat(
            probed(rows(script("name text UNIQUE DEFERRABLE INITIALLY DEFERRED")))
                .deferredConstraints())
        .containsExactly("stock_name_key");
  }

  // What is there already

  @Test
  void a_constraint_that_was_added_by_hand_counts() throws Exception {
    created(rows(script("")), Optional.empty());
    world.execute("ALTER TABLE stock ADD CHECK (n < 10)");

    ReadModel found = created(rows(script("")), Optional.of(1));

    assertThat(writing(found).inEventsOrder()).isTrue();
    world.execute("ALTER TABLE stock DROP CONSTRAINT stock_n_check");
    assertThat(writing(created(rows(script("")), Optional.of(1)))).isEqualTo(Writing.AS_SETS);
  }

  @Test
  void a_raised_version_is_written_as_its_own_script_has_it() throws Exception {
    created(rows(script("name text UNIQUE")), Optional.empty());
    Projection<String> raised =
        Projection.named("stock")
            .of(String.class)
            .version(2)
            .tables(new Tables("stock.sql", script("")))
            .rows(List.of(STOCK), (envelope, changes) -> {})
            .build();

    assertThat(writing(created(raised, Optional.of(1)))).isEqualTo(Writing.AS_SETS);
  }

  private void assertChangeIsRefused(Projection<?> projection, String... said) {
    assertThatThrownBy(() -> created(projection, Optional.of(1)))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("projection 'stock', version 1")
        .hasMessageContaining("raise .version(2)")
        .hasMessageContainingAll(said);
  }

  @Test
  void a_script_that_was_changed_in_the_same_version_is_refused() throws Exception {
    created(rows(script("")), Optional.empty());

    assertChangeIsRefused(
        rows(STOCK.column("more", "text"), script("more text")),
        "table stock has no column more text");
    assertChangeIsRefused(
        rows(script("most numeric")), "column most of table stock is bigint and not numeric");
    assertChangeIsRefused(
        rows(script("", "CREATE TABLE others (id int)")), "table others is not there");
    assertThat(world.column("SELECT to_regclass('others')").get(0)).isNull();
  }

  @Test
  void a_table_that_was_dropped_by_hand_is_not_made_again_without_a_word() throws Exception {
    created(rows(script("")), Optional.empty());
    world.execute("DROP TABLE stock");

    assertChangeIsRefused(rows(script("")), "table stock is not there");
  }

  @Test
  void a_table_that_was_changed_by_hand_may_have_more() throws Exception {
    created(rows(script("")), Optional.empty());
    world.execute("ALTER TABLE stock ADD by_hand text DEFAULT 'x'");

    assertThat(writing(created(rows(script("")), Optional.of(1)))).isEqualTo(Writing.AS_SETS);

    world.execute("ALTER TABLE stock DROP by_hand, ALTER k TYPE char(8)");
    assertChangeIsRefused(rows(script("")), "column k of table stock is character(8) and not text");
  }
}
