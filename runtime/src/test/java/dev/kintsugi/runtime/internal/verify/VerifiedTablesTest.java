package dev.kintsugi.runtime.internal.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.projections.Tables;
import dev.kintsugi.projections.rows.RowTable;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.JdbcSettings;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import dev.kintsugi.runtime.verify.RowDifference;
import dev.kintsugi.runtime.verify.TableDifference;
import dev.kintsugi.runtime.verify.Verification;
import dev.kintsugi.runtime.verify.VerificationState;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What scripts make of tables: each is compared as far as it can be, and never said to be more. */
@Tag("slow")
class VerifiedTablesTest {

  private final World world = new World();
  private final TestProjection model = new TestProjection("model");
  private long written;

  @AfterEach
  void close() {
    world.close();
  }

  /** Starts a projection whose events are statements, and appends these. */
  private void start(String script, String... events) throws Exception {
    world.start(model.executing(script));
    append(events);
  }

  private void append(String... events) throws Exception {
    for (String event : events) {
      world.append(world.event("a", ++written, event));
    }
    assertThat(world.open(model)).isEmpty();
  }

  private Verification verify() throws Exception {
    return world.verifier().verify("model").orElseThrow();
  }

  private void assertClean() throws Exception {
    Verification verification = verify();
    assertThat(verification.tables()).as(verification.toString()).allMatch(TableDifference::isNone);
    assertThat(verification.notCompared()).isEmpty();
    assertThat(verification.isClean()).isTrue();
    assertThat(verification.result()).isEqualTo(VerificationState.CLEAN);
  }

  private Verification assertDifferent() throws Exception {
    Verification verification = verify();
    assertThat(verification.result()).isEqualTo(VerificationState.DIFFERENT);
    assertThat(verification.isClean()).isFalse();
    return verification;
  }

  private List<String> assertIncomplete() throws Exception {
    Verification verification = verify();
    assertThat(verification.result())
        .as(verification.toString())
        .isEqualTo(VerificationState.INCOMPLETE);
    assertThat(verification.isClean()).isFalse();
    return verification.notCompared();
  }

  // What a rebuild handles

  @Test
  void a_group_that_fails_together_is_applied_one_by_one() throws Exception {
    world.start(
        model.defined(
            builder ->
                builder
                    .tables(Tables.sql("CREATE TABLE m (v TEXT)"))
                    .groupedHandler(
                        () ->
                            JdbcHandler.fromFunction(
                                (session, envelopes) -> {
                                  if (envelopes.size() > 1) {
                                    throw new IllegalStateException("not together");
                                  }
                                  try {
                                    session.withConnection(
                                        connection ->
                                            connection
                                                .createStatement()
                                                .execute("INSERT INTO m VALUES ('x')"));
                                  } catch (Exception e) {
                                    throw new IllegalStateException(e);
                                  }
                                }))));
    append("1", "2", "3");

    assertClean();
    assertThat(verify().events()).isEqualTo(3);
  }

  @Test
  void a_unique_value_moves_between_rows_within_a_page() throws Exception {
    RowTable seats = RowTable.named("seats").key("who", "text").column("seat", "integer");
    world.start(
        model.defined(
            builder ->
                builder
                    .tables(
                        Tables.sql("CREATE TABLE seats (who TEXT PRIMARY KEY, seat INT UNIQUE)"))
                    .rows(
                        List.of(seats),
                        (envelope, rows) -> {
                          String[] words = envelope.event().split(" ", -1);
                          if (words.length == 1) {
                            rows.delete(seats, words[0]);
                          } else {
                            rows.upsert(seats, words[0]).set("seat", Integer.parseInt(words[1]));
                          }
                        })));
    append("ann 1", "bob 2", "ann 3", "bob 1", "ann 2", "ann", "cid 2", "bob", "ann 1");

    assertClean();
    world.execute("UPDATE seats SET seat = 7 WHERE who = 'ann'");
    assertDifferent();
  }

  @Test
  void an_event_that_fails_by_itself_and_has_no_record_ends_it() throws Exception {
    start("CREATE TABLE m (v INT UNIQUE)", "INSERT INTO m VALUES (1)", "INSERT INTO m VALUES (2)");
    model.beforeEach(
        envelope -> {
          if (envelope.sequenceNr() == 2) {
            throw new IllegalStateException("only now");
          }
        });

    assertThatThrownBy(this::verify)
        .isInstanceOf(HandlerException.class)
        .hasStackTraceContaining("only now");
  }

  // Copies

  @Test
  void foreign_keys_between_the_tables_act_on_the_copies_too() throws Exception {
    start(
        """
        CREATE TABLE "Parent" (id INT PRIMARY KEY, "Boss" INT REFERENCES "Parent" ON DELETE SET NULL);
        CREATE TABLE child (id INT PRIMARY KEY, parent INT REFERENCES "Parent" ON DELETE CASCADE ON UPDATE CASCADE);
        CREATE TABLE grand_child (id INT PRIMARY KEY, child INT DEFAULT 0 REFERENCES child ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
        """,
        "INSERT INTO \"Parent\" VALUES (1, NULL), (2, 1), (3, 1)",
        "INSERT INTO child VALUES (10, 1), (20, 2), (30, 3)",
        "INSERT INTO grand_child VALUES (100, 10), (200, 20)",
        "UPDATE \"Parent\" SET id = 4 WHERE id = 2",
        "DELETE FROM \"Parent\" WHERE id = 1");

    assertThat(world.column("SELECT id || ' ' || parent FROM child ORDER BY id"))
        .containsExactly("20 4", "30 3");
    assertClean();
    world.execute("DELETE FROM grand_child");
    assertDifferent();
  }

  @Test
  void generated_columns_checks_and_exclusions_are_copied() throws Exception {
    start(
        """
        CREATE TABLE m (id INT PRIMARY KEY, w INT CHECK (w > 0),
          twice INT GENERATED ALWAYS AS (w * 2) STORED, r int4range, EXCLUDE USING gist (r WITH &&))
        """,
        "INSERT INTO m VALUES (1, 2, DEFAULT, '[1,5)')",
        "INSERT INTO m VALUES (2, 3, DEFAULT, '[7,9)')",
        "INSERT INTO m VALUES (3, 3, DEFAULT, '[4,8)') ON CONFLICT DO NOTHING");

    assertClean();
  }

  @Test
  void a_partitioned_table_is_compared_with_all_its_partitions() throws Exception {
    start(
        """
        CREATE TABLE m (id INT, at DATE, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE m_old PARTITION OF m FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
        CREATE TABLE m_new PARTITION OF m DEFAULT;
        """,
        "INSERT INTO m VALUES (1, '2001-01-01'), (2, '2021-01-01')");

    assertClean();
    world.execute("DELETE FROM m_old");
    assertThat(assertDifferent().tables().get(0).examples())
        .singleElement()
        .satisfies(row -> assertThat(row.expected().orElseThrow()).contains("2001-01-01"));
  }

  @Test
  void a_handler_draws_numbers_of_a_sequence_of_the_script() throws Exception {
    start(
        """
        CREATE SEQUENCE IF NOT EXISTS "Tickets" START 100 INCREMENT 5;
        CREATE TABLE m (n BIGINT, name TEXT DEFAULT 'T-' || nextval('"Tickets"'));
        """,
        "INSERT INTO m VALUES (nextval('\"Tickets\"'))",
        "INSERT INTO m VALUES (nextval('\"Tickets\"'))");
    String last = world.column("SELECT last_value FROM \"Tickets\"").get(0);

    assertClean();
    assertThat(world.column("SELECT last_value FROM \"Tickets\"")).containsExactly(last);
  }

  @Test
  void a_foreign_key_to_a_table_outside_leaves_open_who_deleted_a_row() throws Exception {
    world.execute("CREATE TABLE customers (id INT PRIMARY KEY)");
    world.execute("INSERT INTO customers VALUES (1), (2)");
    start(
        """
        CREATE TABLE m (id INT PRIMARY KEY, customer INT REFERENCES customers ON DELETE CASCADE);
        CREATE TABLE m_line (id INT PRIMARY KEY REFERENCES m ON DELETE CASCADE);
        CREATE TABLE other (id INT PRIMARY KEY)
        """,
        "INSERT INTO m VALUES (10, 1), (20, 2)",
        "INSERT INTO m_line VALUES (10), (20)",
        "INSERT INTO other VALUES (1)");
    assertClean();
    world.execute("DELETE FROM customers WHERE id = 1");

    assertThat(assertIncomplete())
        .hasSize(2)
        .allSatisfy(why -> assertThat(why).contains("foreign key m_customer_fkey to customers"));
    assertThat(verify().tables().get(0).missing()).isEqualTo(1);

    world.execute("DELETE FROM other");
    assertDifferent();
  }

  // What can't be compared

  @ParameterizedTest
  @CsvSource(
      delimiterString = " | ",
      quoteCharacter = '`',
      value = {
        "CREATE TRIGGER up BEFORE INSERT ON m FOR EACH ROW EXECUTE FUNCTION up() | trigger up",
        "CREATE RULE up AS ON INSERT TO m DO ALSO INSERT INTO log VALUES (1) | rule up",
      })
  void a_table_with_code_of_its_own_is_not_compared(String code, String named) throws Exception {
    world.execute(
        "CREATE FUNCTION up() RETURNS TRIGGER LANGUAGE plpgsql AS"
            + " 'BEGIN INSERT INTO log VALUES (1); NEW.v := upper(NEW.v); RETURN NEW; END'");
    start("CREATE TABLE m (v TEXT); CREATE TABLE log (n INT);");
    world.execute(code);
    append("INSERT INTO m VALUES ('x')");

    assertThat(assertIncomplete())
        .hasSize(2)
        .anySatisfy(
            why -> assertThat(why).contains("table public.m was not compared: its " + named))
        .anySatisfy(why -> assertThat(why).contains("rows of table public.log that differ"));

    world.execute("DELETE FROM log");
    assertThat(assertIncomplete()).singleElement().asString().contains(named);
  }

  @Test
  void rows_that_row_security_hides_were_not_compared() throws Exception {
    start("CREATE TABLE m (v INT)", "INSERT INTO m VALUES (1), (2)");
    world.execute(
        "ALTER TABLE m ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON m USING (v > 1);"
            + " CREATE ROLE auditor; GRANT SELECT ON ALL TABLES IN SCHEMA public TO auditor");
    assertClean(); // by a user whom it hides nothing from

    try (Database auditor =
        Database.open(
            new JdbcSettings(
                world.url() + (world.url().contains("?") ? "&" : "?") + "options=-c%20role=auditor",
                "",
                "",
                2,
                Duration.ofSeconds(10)))) {
      Verification verification = world.verifier(auditor).verify("model").orElseThrow();
      assertThat(verification.result()).isEqualTo(VerificationState.INCOMPLETE);
      assertThat(verification.notCompared()).singleElement().asString().contains("row security");
    } finally {
      world.execute("DROP OWNED BY auditor; DROP ROLE auditor");
    }
  }

  @Test
  void constants_are_compared_whatever_they_are_called() throws Exception {
    start(
        """
        CREATE TABLE m (id INT PRIMARY KEY, a UUID DEFAULT '00000000-0000-0000-0000-000000000001'::uuid,
          b TEXT DEFAULT 'current_account', c TEXT DEFAULT 'nextval(now())', "now()" TEXT DEFAULT lower('CURRENT_TIMESTAMP'),
          d INT DEFAULT 1 + 1)
        """,
        "INSERT INTO m (id) VALUES (1)");
    assertClean();

    for (String column : List.of("a = gen_random_uuid()", "b = 'x'", "c = 'x'", "d = 3")) {
      world.execute("UPDATE m SET " + column);
      assertDifferent();
      world.execute("DELETE FROM m");
      world.execute("INSERT INTO m (id) VALUES (1)");
      assertClean();
    }
    world.execute("UPDATE m SET \"now()\" = 'x'");
    assertDifferent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TIMESTAMPTZ DEFAULT now()",
        "TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP - INTERVAL '1 day'",
        "UUID DEFAULT gen_random_uuid()",
        "TEXT DEFAULT 'id-' || random()",
        "TIMESTAMP DEFAULT ('no' || 'w')::TEXT::TIMESTAMP",
        "TEXT DEFAULT my_own()",
        "filled",
        "BIGINT GENERATED ALWAYS AS IDENTITY (START 7)"
      })
  void a_column_that_the_database_fills_is_named_if_it_differs(String type) throws Exception {
    world.execute(
        "CREATE FUNCTION my_own() RETURNS TEXT LANGUAGE sql VOLATILE AS 'SELECT random()::text'");
    world.execute("CREATE DOMAIN filled AS FLOAT8 DEFAULT random()");
    start(
        "CREATE TABLE m (id INT PRIMARY KEY, v %s)".formatted(type),
        "INSERT INTO m (id) VALUES (1)",
        "INSERT INTO m (id) VALUES (2); DELETE FROM m WHERE id = 1");
    if (type.contains("IDENTITY")) {
      assertClean();
      append("INSERT INTO m (id) VALUES (5)");
      world.execute("DELETE FROM m WHERE id = 5");
      world.execute("INSERT INTO m (id) VALUES (4), (5); DELETE FROM m WHERE id = 4");
    }

    assertThat(assertIncomplete())
        .singleElement()
        .asString()
        .contains("column \"v\" of table public.m could not be compared", "in 1 rows");
    world.execute("UPDATE m SET id = 9 WHERE id = (SELECT max(id) FROM m)");
    assertDifferent();
  }

  @Test
  void a_column_that_could_be_filled_and_is_the_same_everywhere_was_compared() throws Exception {
    start(
        "CREATE TABLE m (v TIMESTAMPTZ DEFAULT now(), n BIGSERIAL)",
        "INSERT INTO m VALUES ('2020-01-01')",
        "INSERT INTO m VALUES ('2020-01-01')",
        "INSERT INTO m VALUES (NULL)");

    assertClean();
  }

  @Test
  void a_table_that_is_gone_is_a_difference() throws Exception {
    start("CREATE TABLE m (v INT); CREATE TABLE \"Gone\" (v INT)", "INSERT INTO m VALUES (1)");
    world.execute("DROP TABLE \"Gone\"");

    Verification verification = assertDifferent();

    assertThat(verification.tables())
        .filteredOn(table -> !table.exists())
        .extracting(TableDifference::table)
        .containsExactly("\"Gone\"");
    assertThat(verification.notCompared())
        .singleElement()
        .asString()
        .contains("table public.m was not compared", "\"Gone\"");
  }

  @Test
  void all_tables_are_compared_though_nobody_has_noted_whose_they_are() throws Exception {
    start("CREATE TABLE m (v INT)", "INSERT INTO m VALUES (1)");
    world.execute("DELETE FROM kintsugi_table");
    assertClean();

    world.execute("DELETE FROM m");

    assertDifferent();
  }

  // Rows

  @ParameterizedTest
  @CsvSource(
      delimiterString = " | ",
      quoteCharacter = '`',
      value = {
        "FLOAT8 | 0.0 | '-0.0'",
        "FLOAT8 | 0.1 | 0.10000000000000002",
        "FLOAT4 | 0.1 | 0.10000001",
        "FLOAT8 | 'NaN' | 'Infinity'",
        "NUMERIC | 1.0 | 1.00",
        "NUMERIC | 'NaN' | 0",
        "JSONB | 'null' | NULL",
        "JSON | '{\"a\": 1}' | '{\"a\":1}'",
        "JSON | '{\"a\":1,\"a\":1}' | '{\"a\":1}'",
        "INT[] | '{1,2}' | '[0:1]={1,2}'",
        "JSONB[] | '{null}' | ARRAY['null'::jsonb]",
        "pair | (1, NULL)::pair | (NULL, 1)::pair",
        "pair | (NULL, NULL)::pair | NULL",
        "BYTEA | '\\x00ff' | '\\x00fe'",
        "TEXT | 'NULL' | NULL",
        "TEXT | '' | NULL",
        "TEXT | 'a' | 'a '",
        "TEXT | U&'\\00e9' | U&'e\\0301'",
        "TIMESTAMPTZ | 'infinity' | '-infinity'",
        "INTERVAL | '1 day' | '24 hours'",
        "MONEY | 1 | 1.01"
      })
  void values_that_look_the_same_are_told_apart(String type, String right, String wrong)
      throws Exception {
    world.execute("CREATE TYPE pair AS (\"a\" INT, b INT)");
    start(
        "CREATE TABLE m (id INT PRIMARY KEY, v %s)".formatted(type),
        "INSERT INTO m VALUES (1, %s), (2, %s)".formatted(right, wrong));
    assertClean();

    world.execute("UPDATE m SET v = %s WHERE id = 1".formatted(wrong));

    RowDifference row = assertDifferent().tables().get(0).examples().get(0);
    assertThat(row.key()).isEqualTo("[1]");
    assertThat(row.expected()).isNotEqualTo(row.actual());
  }

  @Test
  void rows_without_a_key_are_counted() throws Exception {
    start(
        "CREATE TABLE m (v TEXT)",
        "INSERT INTO m VALUES ('x'), ('x'), ('x'), (NULL), (NULL)",
        "DELETE FROM m WHERE ctid = (SELECT min(ctid) FROM m)");
    assertClean();

    world.execute("INSERT INTO m VALUES ('x'), (NULL)");

    TableDifference table = assertDifferent().tables().get(0);
    assertThat(List.of(table.rows(), table.missing(), table.surplus())).containsExactly(6L, 0L, 2L);
    assertThat(table.examples())
        .extracting(RowDifference::key)
        .containsExactly("{\"v\": null}", "{\"v\": \"x\"}");
  }

  @Test
  void names_may_be_any_that_the_database_takes() throws Exception {
    start(
        """
        CREATE TABLE "it's ""M"" %s" ("'" INT, "t" INT, "kintsugi_row" INT, "a""b" INT DEFAULT 1, "?" INT, "row" INT,
          "key" BIGINT GENERATED BY DEFAULT AS IDENTITY, "ctid2" SERIAL, PRIMARY KEY ("'", "a""b"))
        """,
        "INSERT INTO \"it's \"\"M\"\" %s\" VALUES (1, 2, 3, 4, 5, 6)");
    assertClean();

    world.execute("UPDATE \"it's \"\"M\"\" %s\" SET \"kintsugi_row\" = 4");

    assertThat(assertDifferent().tables().get(0).examples())
        .extracting(RowDifference::key)
        .containsExactly("[1, 4]");
  }

  @Test
  void many_differences_are_counted_and_a_few_are_shown() throws Exception {
    start(
        "CREATE TABLE m (id INT PRIMARY KEY, v INT)",
        "INSERT INTO m SELECT n, n FROM generate_series(1, 3000) n");

    world.execute("UPDATE m SET v = -1");

    TableDifference table = assertDifferent().tables().get(0);
    assertThat(List.of(table.missing(), table.surplus())).containsExactly(3000L, 3000L);
    assertThat(table.examples())
        .hasSize(20)
        .allMatch(row -> row.expected().isPresent() && row.actual().isPresent());
  }

  @Test
  void an_empty_journal_is_verified() throws Exception {
    start("CREATE TABLE m (v INT)");
    assertClean();

    world.execute("INSERT INTO m VALUES (1)");

    assertDifferent();
  }

  // Sessions

  @Test
  void whatever_a_handler_sets_in_its_session_ends_with_it() throws Exception {
    start(
        "CREATE TABLE m (v TIMESTAMPTZ, w FLOAT8, x BYTEA)",
        "SET LOCAL TIME ZONE 'Asia/Tokyo'; SET LOCAL extra_float_digits = 0; SET LOCAL bytea_output = 'escape';"
            + " INSERT INTO m VALUES ('2020-01-01 00:00+00', 0.1::float8 * 3, 'x')");

    assertClean();
  }

  @Test
  void a_session_that_dies_in_the_middle_comes_back_to_nobody() throws Exception {
    start("CREATE TABLE m (v INT)", "INSERT INTO m VALUES (1)", "INSERT INTO m VALUES (2)");
    model.beforeEach(
        envelope -> {
          if (envelope.sequenceNr() == 2) {
            try {
              world.column(
                  "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                      + " JOIN pg_stat_activity a ON a.pid = l.pid WHERE c.relpersistence = 't'");
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        });
    assertThatThrownBy(this::verify).isInstanceOf(Exception.class);

    model.beforeEach(envelope -> {});
    for (int i = 0; i < World.CONNECTIONS; i++) {
      append("INSERT INTO m VALUES (3)");
    }
    assertThat(world.column("SELECT count(*) FROM m"))
        .containsExactly(Integer.toString(2 + World.CONNECTIONS));
    assertClean();
  }
}
