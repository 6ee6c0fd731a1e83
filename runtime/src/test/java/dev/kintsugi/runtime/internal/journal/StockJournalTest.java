package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.JournalMessages.event;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.JournalMessages;
import dev.kintsugi.runtime.testing.Stock;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.List;
import java.util.Set;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.journal.EventAdapter;
import org.apache.pekko.persistence.journal.EventSeq;
import org.apache.pekko.persistence.journal.Tagged;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.typed.ReplicaId;
import org.apache.pekko.persistence.typed.internal.ReplicatedEventMetadata;
import org.apache.pekko.persistence.typed.internal.VersionVector;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The journal beside the stock plugin itself, on one database: byte for byte, both ways. */
@Tag("slow")
class StockJournalTest {

  private static final String OURS = "kintsugi.journal";
  private static final String STOCK = "jdbc-journal";
  private static final String EACH_WAY_ROUND = OURS + "," + STOCK;
  private static final String AND_THE_OTHER = STOCK + "," + OURS;

  private final World world = new World();
  private final TestSystem node =
      new TestSystem(
          world,
          Stock.settings(world)
              + """
              kintsugi.journal.event-adapters.test = "%1$s"
              kintsugi.journal.event-adapter-bindings."java.lang.Long" = test
              jdbc-journal.event-adapters.test = "%1$s"
              jdbc-journal.event-adapter-bindings."java.lang.Long" = test
              """
                  .formatted(Adapter.class.getName()));

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  /** A number is stored as text, tagged, with a manifest. */
  public static final class Adapter implements EventAdapter {
    @Override
    public String manifest(Object event) {
      return "number";
    }

    @Override
    public Object toJournal(Object event) {
      return new Tagged("number " + event, Set.of("number"));
    }

    @Override
    public EventSeq fromJournal(Object event, String manifest) {
      return EventSeq.single(event);
    }
  }

  private JournalMessages journal(String pluginId) {
    return new JournalMessages(node, pluginId);
  }

  /** Events of every kind, six of them. */
  private static void persistSome(JournalMessages journal, String persistenceId) {
    journal.persistAll(event(persistenceId, 1, "plain", "writer-1"));
    journal.persistAll(
        event(persistenceId, 2, "all", "writer-1"), event(persistenceId, 3, "at once", "writer-1"));
    journal.persistAll(
        event(persistenceId, 4, new Tagged("tagged", Set.of("red", "green")), "writer-2"));
    journal.persistAll(event(persistenceId, 5, "metadata", "writer-2").withMetadata(metadata()));
    journal.persistAll(event(persistenceId, 6, 7L, "writer-2"));
  }

  private static ReplicatedEventMetadata metadata() {
    return new ReplicatedEventMetadata(
        new ReplicaId("here"), 3, VersionVector.empty().increment("here"), false);
  }

  private static List<String> described(List<PersistentRepr> events) {
    return events.stream()
        .map(
            repr ->
                "%d %s %s '%s' %s"
                    .formatted(
                        repr.sequenceNr(),
                        repr.payload(),
                        repr.writerUuid(),
                        repr.manifest(),
                        repr.metadata()))
        .toList();
  }

  private List<String> rows(String persistenceId) throws Exception {
    return world.column(
        """
        SELECT (j.sequence_number, j.deleted, j.writer, j.adapter_manifest,
          j.event_ser_id, j.event_ser_manifest, j.event_payload,
          j.meta_ser_id, j.meta_ser_manifest, j.meta_payload,
          array_agg(t.tag ORDER BY t.tag))::text
        FROM event_journal j LEFT JOIN event_tag t ON t.event_id = j.ordering
        WHERE persistence_id = '%s' GROUP BY j.ordering, j.persistence_id, j.sequence_number
        ORDER BY j.sequence_number
        """
            .formatted(persistenceId));
  }

  @Test
  void both_write_the_same_rows() throws Exception {
    persistSome(journal(OURS), "of ours");
    persistSome(journal(STOCK), "of stock");

    assertThat(rows("of ours")).hasSize(6).isEqualTo(rows("of stock"));
    assertThat(
            world.column(
                """
                SELECT persistence_id FROM event_journal
                WHERE abs(write_timestamp - extract(epoch FROM now()) * 1000) < 3600000
                """))
        .as("timestamps in milliseconds")
        .hasSize(12);
    assertThat(world.column("SELECT ordering FROM event_journal ORDER BY ordering"))
        .as("one sequence of orderings")
        .hasSize(12)
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({EACH_WAY_ROUND, AND_THE_OTHER})
  void what_one_wrote_the_other_recovers_and_goes_on_with(String one, String other) {
    persistSome(journal(one), "a");

    List<PersistentRepr> recovered = journal(other).replay("a");

    assertThat(described(recovered))
        .containsExactly(
            "1 plain writer-1 '' None",
            "2 all writer-1 '' None",
            "3 at once writer-1 '' None",
            "4 tagged writer-2 '' None",
            "5 metadata writer-2 '' Some(" + metadata() + ")",
            "6 number 7 writer-2 'number' None")
        .isEqualTo(described(journal(one).replay("a")));
    journal(other).persistAll(event("a", 7, "seven", "writer-3"));
    assertThat(described(journal(one).replay("a")))
        .hasSize(7)
        .last()
        .isEqualTo("7 seven writer-3 '' None");
  }

  @ParameterizedTest
  @CsvSource({EACH_WAY_ROUND, AND_THE_OTHER})
  void what_one_deleted_is_deleted_for_the_other(String one, String other) throws Exception {
    persistSome(journal(one), "a");
    persistSome(journal(other), "b");

    journal(one).delete("a", 4);
    journal(other).delete("b", 4);

    assertThat(rows("a")).hasSize(3).isEqualTo(rows("b"));
    assertThat(described(journal(other).replay("a")))
        .isEqualTo(described(journal(one).replay("a")))
        .hasSize(2);
    journal(other).delete("a", Long.MAX_VALUE);
    journal(one).delete("b", Long.MAX_VALUE);
    assertThat(rows("a")).hasSize(1).isEqualTo(rows("b"));
    assertThat(journal(one).replay("a")).isEmpty();
    journal(one).persistAll(event("a", 7, "seven", "writer-3"));
    assertThat(described(journal(other).replay("a"))).containsExactly("7 seven writer-3 '' None");
  }

  @Test
  void the_stock_read_journal_finds_what_ours_wrote_by_tag() throws Exception {
    persistSome(journal(OURS), "a");
    persistSome(journal(STOCK), "b");
    JdbcReadJournal stock =
        PersistenceQuery.get(node.system())
            .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier());

    for (String tag : List.of("red", "green")) {
      assertThat(found(stock, tag)).containsExactly("a/4 tagged", "b/4 tagged");
    }
    assertThat(found(stock, "number")).containsExactly("a/6 number 7", "b/6 number 7");
  }

  private List<String> found(JdbcReadJournal readJournal, String tag) throws Exception {
    List<EventEnvelope> envelopes =
        get(
            readJournal
                .currentEventsByTag(tag, Offset.noOffset())
                .runWith(Sink.seq(), node.system()));
    return envelopes.stream()
        .map(
            envelope ->
                "%s/%d %s"
                    .formatted(envelope.persistenceId(), envelope.sequenceNr(), envelope.event()))
        .toList();
  }

  @Test
  void what_stock_wrote_is_projected_in_a_rebuild_and_what_ours_writes_behind_it_inline()
      throws Exception {
    persistSome(journal(STOCK), "a");
    TestProjection log = new TestProjection("log");

    node.startAndFinish(log);

    assertThat(world.column("SELECT payload FROM log_log ORDER BY n"))
        .containsExactly("plain", "all", "at once", "tagged", "metadata", "number 7");
    journal(OURS).persistAll(event("a", 7, "seven", "writer-3"));
    assertThat(world.applied(log)).hasSize(7).endsWith("a/7");
    world.auditWhole(log);
  }

  @Test
  void actors_move_from_one_to_the_other_and_back() throws Exception {
    String stockByDefault = "pekko.persistence.journal.plugin = jdbc-journal\n";
    node.record("a", "one", "tag:two");
    try (TestSystem stock = new TestSystem(world, stockByDefault + Stock.settings(world))) {
      stock.record("a", "tag:three", "four");
      assertThat(stock.read(stock.recorder("a")))
          .containsExactly("one", "tag:two", "tag:three", "four");
    }
    node.record("a", "five");

    assertThat(node.read(node.recorder("a")))
        .containsExactly("one", "tag:two", "tag:three", "four", "five");
  }
}
