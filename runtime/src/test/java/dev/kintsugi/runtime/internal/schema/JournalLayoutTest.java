package dev.kintsugi.runtime.internal.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.event.TagLayout;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the catalog says of the journal's tables decides how tags are written, or that it can't. */
@Tag("slow")
class JournalLayoutTest {

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private TagLayout ensure(String settings) throws Exception {
    JournalTables names =
        JournalTables.of(
            ConfigFactory.parseString(settings)
                .withFallback(ConfigFactory.load().getConfig("jdbc-journal")));
    return new Schema(world.database(), names).ensure(false);
  }

  private TagLayout ensure() throws Exception {
    return ensure("");
  }

  // What is found

  @Test
  void tags_by_event_id_are_found() throws Exception {
    assertThat(ensure()).isEqualTo(TagLayout.BY_EVENT_ID);
  }

  @Test
  void tags_by_stream_are_found() throws Exception {
    world.execute(
        """
        DROP TABLE event_tag;
        CREATE TABLE event_tag (persistence_id VARCHAR(255), sequence_number BIGINT,
          tag VARCHAR(256), PRIMARY KEY (persistence_id, sequence_number, tag))
        """);

    assertThat(ensure()).isEqualTo(TagLayout.BY_STREAM);
  }

  @Test
  void a_table_in_migration_is_read_by_event_id_and_filled_in_both_ways() throws Exception {
    world.execute(
        "ALTER TABLE event_tag ADD persistence_id VARCHAR(255), ADD sequence_number BIGINT");

    assertThat(ensure()).isEqualTo(TagLayout.both(TagLayout.Key.EVENT_ID));
  }

  @Test
  void a_migrated_table_is_read_by_stream_and_filled_in_both_ways() throws Exception {
    world.execute(
        """
        DROP TABLE event_tag;
        CREATE TABLE event_tag (event_id BIGINT, persistence_id VARCHAR(255), sequence_number BIGINT,
          tag VARCHAR(256), PRIMARY KEY (persistence_id, sequence_number, tag))
        """);

    assertThat(ensure()).isEqualTo(TagLayout.both(TagLayout.Key.STREAM));
  }

  @Test
  void columns_of_an_application_that_need_no_value_do_no_harm() throws Exception {
    world.execute(
        """
        ALTER TABLE event_journal ADD tenant TEXT, ADD added TIMESTAMPTZ NOT NULL DEFAULT now();
        ALTER TABLE event_tag ADD note TEXT
        """);

    assertThat(ensure()).isEqualTo(TagLayout.BY_EVENT_ID);
  }

  @Test
  void a_domain_is_as_good_as_its_type() throws Exception {
    world.execute("CREATE DOMAIN pid AS VARCHAR(255)");
    world.execute("ALTER TABLE event_journal ALTER persistence_id TYPE pid");

    assertThat(ensure()).isEqualTo(TagLayout.BY_EVENT_ID);
  }

  // What is refused

  @Test
  void a_missing_tag_table_is_named() throws Exception {
    world.execute("DROP TABLE event_tag");

    assertThatThrownBy(this::ensure)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("lacks \"event_tag\"");
  }

  @Test
  void a_journal_of_the_legacy_layout_is_refused_with_what_was_found_and_expected()
      throws Exception {
    world.execute(
        """
        CREATE TABLE journal (ordering BIGSERIAL, persistence_id VARCHAR(255) NOT NULL,
          sequence_number BIGINT NOT NULL, deleted BOOLEAN DEFAULT FALSE NOT NULL,
          tags VARCHAR(255) DEFAULT NULL, message BYTEA NOT NULL,
          PRIMARY KEY(persistence_id, sequence_number))
        """);

    assertThatThrownBy(() -> ensure("tables.event_journal.tableName = journal"))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("The table \"journal\" is not laid out as")
        .hasMessageContaining("it lacks the column writer character varying")
        .hasMessageContaining("it lacks the column event_payload bytea")
        .hasMessageContaining("message bytea NOT NULL has no default")
        .hasMessageContaining("Found: ordering bigint NOT NULL, persistence_id character varying")
        .hasMessageContaining("Expected: ordering bigint, persistence_id character varying,")
        .hasMessageContaining("jdbc-journal.tables.event_journal")
        .hasMessageContaining("legacy layout");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ALTER event_payload TYPE text USING ''       | event_payload text NOT NULL is expected to be bytea
          ALTER sequence_number TYPE integer           | sequence_number integer NOT NULL is expected to be bigint
          ALTER ordering DROP DEFAULT                  | ordering bigint NOT NULL has no default
          ALTER deleted DROP DEFAULT                   | deleted boolean NOT NULL has no default
          ADD tenant integer NOT NULL                  | tenant integer NOT NULL has no default
          DROP meta_payload                            | it lacks the column meta_payload bytea
          DROP CONSTRAINT event_journal_pkey           | it has no primary key or unique index on
          """)
  void a_journal_that_could_not_be_written_is_refused(String change, String fault)
      throws Exception {
    world.execute("ALTER TABLE event_journal " + change);

    assertThatThrownBy(this::ensure)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("\"event_journal\"")
        .hasMessageContaining(fault);
  }

  @Test
  void a_unique_key_that_is_only_looked_at_when_it_is_too_late_is_none() throws Exception {
    world.execute(
        """
        ALTER TABLE event_journal DROP CONSTRAINT event_journal_pkey,
          ADD UNIQUE (persistence_id, sequence_number) DEFERRABLE INITIALLY DEFERRED
        """);

    assertThatThrownBy(this::ensure).hasMessageContaining("no primary key or unique index");
  }

  @Test
  void a_unique_key_of_the_same_columns_in_another_order_will_do() throws Exception {
    world.execute("ALTER TABLE event_journal DROP CONSTRAINT event_journal_pkey");
    world.execute("CREATE UNIQUE INDEX ON event_journal (sequence_number, persistence_id)");

    assertThat(ensure()).isEqualTo(TagLayout.BY_EVENT_ID);
  }

  @Test
  void tags_that_can_not_say_which_event_they_are_of_are_refused() throws Exception {
    world.execute("DROP TABLE event_tag; CREATE TABLE event_tag (event BIGINT, tag TEXT)");

    assertThatThrownBy(this::ensure)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("neither the column \"event_id\" nor both of \"persistence_id\"")
        .hasMessageContaining("Found: event bigint, tag text")
        .hasMessageContaining("Expected: event_id bigint, persistence_id character varying,")
        .hasMessageContaining("jdbc-journal.tables.event_tag");
  }

  @Test
  void tags_whose_key_may_be_lacking_in_both_ways_are_refused() throws Exception {
    world.execute(
        """
        DROP TABLE event_tag;
        CREATE TABLE event_tag (event_id BIGINT, persistence_id TEXT, sequence_number BIGINT, tag TEXT)
        """);

    assertThatThrownBy(this::ensure).hasMessageContaining("one of both must be NOT NULL");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ALTER tag TYPE integer USING 0  | tag integer NOT NULL is expected to be character varying
          RENAME tag TO label             | it lacks the column tag character varying
          ADD weight integer NOT NULL     | weight integer NOT NULL has no default
          """)
  void tags_that_could_not_be_written_are_refused(String change, String fault) throws Exception {
    world.execute("ALTER TABLE event_tag " + change);

    assertThatThrownBy(this::ensure)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining(fault);
  }

  @Test
  void the_names_of_the_newer_columns_are_those_of_the_configuration_where_it_has_them()
      throws Exception {
    world.execute(
        """
        DROP TABLE event_tag;
        CREATE TABLE event_tag ("Stream" TEXT, "No" BIGINT, tag TEXT, PRIMARY KEY ("Stream", "No", tag))
        """);

    assertThat(
            ensure("tables.event_tag.columnNames { persistenceId = Stream, sequenceNumber = No }"))
        .isEqualTo(TagLayout.BY_STREAM);
    assertThat(List.of(TagLayout.BY_STREAM.filled()))
        .containsExactly(java.util.Set.of(TagLayout.Key.STREAM));
  }

  // What fills the orderings

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ALTER SEQUENCE event_journal_ordering_seq CACHE 50       | event_journal_ordering_seq of the journal's orderings has CACHE 50
          ALTER SEQUENCE event_journal_ordering_seq INCREMENT -1   | has INCREMENT -1
          ALTER SEQUENCE event_journal_ordering_seq CYCLE          | has CYCLE
          ALTER TABLE event_journal ALTER ordering SET DEFAULT 7   | ordering of event_journal is filled by 7
          ALTER TABLE event_journal ALTER ordering SET DEFAULT nextval('event_journal_ordering_seq') * -1      | is filled by (nextval(
          ALTER TABLE event_journal ALTER ordering SET DEFAULT nextval('event_journal_ordering_seq'::text)     | is filled by nextval(
          """)
  void a_journal_whose_orderings_may_not_rise_one_by_one_is_refused(String change, String fault)
      throws Exception {
    world.execute(change);

    assertThatThrownBy(this::ensure)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("\"event_journal\" can't be used as a journal")
        .hasMessageContaining(fault);
  }

  @Test
  void a_sequence_in_stock_is_refused_also_where_the_column_does_not_own_it() throws Exception {
    world.execute(
        """
        CREATE SCHEMA other; CREATE SEQUENCE other."My Seq" CACHE 50;
        ALTER TABLE event_journal ALTER ordering SET DEFAULT nextval('other."My Seq"')
        """);

    assertThatThrownBy(this::ensure)
        .hasMessageContaining("ALTER SEQUENCE other.\"My Seq\" CACHE 1,");
    world.execute("ALTER SEQUENCE other.\"My Seq\" CACHE 1");
    assertThat(ensure()).isEqualTo(TagLayout.BY_EVENT_ID);
  }

  @ParameterizedTest
  @CsvSource({"ALWAYS", "BY DEFAULT"})
  void a_sequence_in_stock_is_refused_also_where_it_is_an_identity(String generated)
      throws Exception {
    world.execute("ALTER TABLE event_journal ALTER ordering DROP DEFAULT");
    world.execute(
        "ALTER TABLE event_journal ALTER ordering ADD GENERATED %s AS IDENTITY (CACHE 2)"
            .formatted(generated));

    assertThatThrownBy(this::ensure).hasMessageContaining("has CACHE 2");
    world.execute("ALTER TABLE event_journal ALTER ordering SET CACHE 1");
    assertThat(ensure()).isEqualTo(TagLayout.BY_EVENT_ID);
  }

  @Test
  void a_sequence_in_stock_is_refused_also_where_a_partition_alone_uses_it() throws Exception {
    partition();
    assertThat(ensure()).isEqualTo(TagLayout.BY_STREAM);
    world.execute(
        """
        CREATE SEQUENCE of_partition CACHE 9;
        ALTER TABLE journal_1 ALTER ordering SET DEFAULT nextval('of_partition')
        """);

    assertThatThrownBy(this::ensure).hasMessageContaining("of_partition of the journal's");
    world.execute("ALTER TABLE journal_1 ALTER ordering DROP DEFAULT");
    assertThat(ensure()).isEqualTo(TagLayout.BY_STREAM);
  }

  @Test
  void a_sequence_in_stock_is_refused_also_where_the_journal_is_partitioned() throws Exception {
    partition();
    world.execute("ALTER SEQUENCE one_for_all CACHE 50");

    assertThatThrownBy(this::ensure).hasMessageContaining("one_for_all CACHE 1,");
  }

  @Test
  void a_journal_whose_orderings_come_from_a_trigger_is_refused() throws Exception {
    world.execute("ALTER TABLE event_journal ALTER ordering SET DEFAULT NULL");
    world.execute(
        """
        CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN NEW.ordering := nextval(''event_journal_ordering_seq''); RETURN NEW; END'
        """);
    world.execute(
        "CREATE TRIGGER numbers BEFORE INSERT ON event_journal FOR EACH ROW EXECUTE FUNCTION number()");

    assertThatThrownBy(this::ensure)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("has no default");
  }

  private void partition() throws Exception {
    world.execute(
        """
        CREATE SEQUENCE one_for_all;
        ALTER TABLE event_journal ALTER ordering SET DEFAULT nextval('one_for_all');
        DROP TABLE event_tag;
        ALTER TABLE event_journal RENAME TO in_one_table;
        CREATE TABLE event_journal (LIKE in_one_table INCLUDING DEFAULTS,
          PRIMARY KEY (persistence_id, sequence_number)) PARTITION BY HASH (persistence_id);
        DROP TABLE in_one_table;
        CREATE TABLE journal_0 PARTITION OF event_journal FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE journal_1 PARTITION OF event_journal FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE event_tag (persistence_id VARCHAR(255), sequence_number BIGINT,
          tag VARCHAR(256), PRIMARY KEY (persistence_id, sequence_number, tag))
        """);
  }
}
