package dev.kintsugi.runtime.internal.journal;

import static dev.kintsugi.runtime.testing.TestSystem.eventually;
import static dev.kintsugi.runtime.testing.TestSystem.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.projections.rows.RowTable;
import dev.kintsugi.runtime.RebuildHandle;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.pekko.persistence.journal.EventAdapter;
import org.apache.pekko.persistence.journal.EventSeq;
import org.apache.pekko.persistence.journal.Tagged;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Event adapters: what they make of an event on its way back is what projections see, always. */
@Tag("slow")
class EventAdapterTest {

  private static final String PARKED =
      "SELECT persistence_id || '/' || sequence_number || ' ' || reason FROM kintsugi_skip"
          + " WHERE parked_at IS NOT NULL ORDER BY ordering";

  private static final String STORED = "stored:";

  /** What came back from the journal, or is on its way to it, in any stream. */
  private static final Queue<String> ADAPTED_BACK = new ConcurrentLinkedQueue<>();

  /** Another form in the journal, tagged; some events come back as two, or not at all. */
  public static final class Adapter implements EventAdapter {
    @Override
    public String manifest(Object event) {
      return "v7";
    }

    @Override
    public Object toJournal(Object event) {
      return new Tagged(STORED + event, Set.of("adapted"));
    }

    @Override
    public EventSeq fromJournal(Object event, String manifest) {
      String text = event.toString().substring(STORED.length());
      ADAPTED_BACK.add(text);
      if (text.equals("dropped")) {
        return EventSeq.empty();
      } else if (text.equals("both")) {
        return EventSeq.create("first half", "second half");
      } else if (text.startsWith("twice ")) {
        return EventSeq.create(text, text);
      }
      return EventSeq.single(text + " " + manifest);
    }
  }

  private final World world = new World();
  private final TestProjection log = new TestProjection("log");
  private final TestSystem node =
      new TestSystem(
          world,
          """
          kintsugi.journal {
            event-adapters.test = "%s"
            event-adapter-bindings."java.lang.String" = test
          }
          """
              .formatted(Adapter.class.getName()));

  @AfterEach
  void close() {
    node.close();
    world.close();
  }

  private List<String> projected() throws Exception {
    return world.column("SELECT payload FROM log_log ORDER BY n");
  }

  @Test
  void the_journal_holds_the_adapted_form_with_its_manifest_and_tags() throws Exception {
    node.record("a", "one");

    assertThat(
            world.column(
                "SELECT convert_from(event_payload, 'UTF8') || ' ' || adapter_manifest"
                    + " FROM event_journal"))
        .containsExactly("stored:one v7");
    assertThat(world.column("SELECT tag FROM event_tag")).containsExactly("adapted");
    assertThat(node.read(node.recorder("a"))).containsExactly("one v7");
  }

  @Test
  void a_handler_sees_the_event_adapted_back_inline_in_replay_and_in_drain_alike()
      throws Exception {
    node.startAndFinish(log);
    node.record("a", "one");
    assertThat(projected()).as("inline").containsExactly("one v7");

    RebuildHandle rebuild;
    try (Connection held = world.database().connection();
        Statement statement = held.createStatement()) {
      statement.execute("SELECT pg_current_xact_id(); SELECT 1 FROM kintsugi_projection");
      rebuild = get(node.kintsugi().rebuild("log", "test"));
      node.record("a", "two");
      assertThat(world.open(log)).containsExactly("a/2 REBUILDING");
      held.rollback();
    }
    get(rebuild.done());

    assertThat(projected()).as("replayed, drained").containsExactly("one v7", "two v7");
    assertThat(world.archived(log)).containsExactly("a/2 applied");
    world.auditWhole(log);
  }

  @Test
  void a_handler_sees_both_of_two_events_that_one_comes_back_as() throws Exception {
    node.startAndFinish(log);

    node.record("a", "both");
    assertThat(projected()).containsExactly("first half", "second half");

    get(get(node.kintsugi().rebuild("log", "test")).done());
    assertThat(projected()).containsExactly("first half", "second half");
  }

  @Test
  void an_event_whose_two_halves_add_too_much_fails_inline_in_drain_and_in_every_rebuild()
      throws Exception {
    RowTable table = RowTable.named("sums").key("k", "text").counter("n", "smallint");
    TestProjection sums =
        TestProjection.of(
            Projection.named("sums")
                .of(String.class)
                .rebuilt(RebuildPolicy.inPlace())
                .onFailure(FailurePolicy.skip().withoutRetry().thenPark())
                .rows(
                    List.of(table),
                    (envelope, rows) -> {
                      String[] words = envelope.event().split(" ", -1);
                      rows.upsert(table, words[2]).increment("n", Long.parseLong(words[1]));
                    })
                .build());
    node.startAndFinish(sums);
    node.record("a", "once -10000 x", "once -10000 y");

    node.record("b", "twice 20000 x"); // the row would bear both, one after the other
    get(node.kintsugi().pause("sums", "test"));
    node.record("c", "twice 20000 y");
    get(node.kintsugi().resume("sums", "test"));
    List<String> failed = List.of("b/1 FAILED", "c/1 FAILED");
    eventually(() -> assertThat(world.column(PARKED)).isEqualTo(failed));
    get(get(node.kintsugi().rebuild("sums", "test")).done());

    assertThat(world.column(PARKED)).isEqualTo(failed);
    assertThat(world.column("SELECT n FROM sums")).containsExactly("-10000", "-10000");
  }

  @Test
  void an_event_that_is_dropped_on_its_way_back_is_no_projections_business() throws Exception {
    node.startAndFinish(log);

    node.record("a", "dropped", "next");
    assertThat(projected()).containsExactly("next v7");

    get(get(node.kintsugi().rebuild("log", "test")).done());
    assertThat(projected()).containsExactly("next v7");
    assertThat(world.open(log)).isEmpty();
  }

  @Test
  void an_event_that_entity_type_or_tag_rule_out_is_not_even_deserialized_in_a_replay()
      throws Exception {
    TestProjection bills = new TestProjection("bills").entityTypes("Bill");
    TestProjection red = new TestProjection("red").tags("red");
    node.record("Order|1", "one");
    node.record("Bill|1", "two");
    ADAPTED_BACK.clear();

    node.startAndFinish(bills);
    assertThat(world.applied(bills)).containsExactly("Bill|1/1");
    assertThat(ADAPTED_BACK).containsExactly("two");

    ADAPTED_BACK.clear();
    node.startAndFinish(red);
    assertThat(world.applied(red)).isEmpty();
    assertThat(ADAPTED_BACK).isEmpty();
  }
}
