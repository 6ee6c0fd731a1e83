package dev.kintsugi.runtime.internal.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.testing.TestSystem;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the followers of a node share of the journal, and how much of it is kept for them. */
class FeedActorTest {

  private static final int PAGE = 10;
  private static final int EVENTS = 3 * PAGE;

  private final World world = new World();

  @AfterEach
  void close() {
    world.close();
  }

  private static SharedJournal journalOf(TestSystem node) throws Exception {
    for (int i = 0; i < EVENTS; i++) {
      node.record("s" + i, "event " + i);
    }
    return SharedJournal.start(Adapter.toTyped(node.system()), node.node());
  }

  private TestSystem node(String memory) {
    return new TestSystem(
        world, "kintsugi.follow { batch-size = %d, memory = %s }".formatted(PAGE, memory));
  }

  /** A follower that applies nothing. */
  private record Asking(SharedJournal journal, TestProbe<FeedActor.Answer> probe) {

    static Asking of(TestSystem node, SharedJournal journal) {
      return new Asking(journal, node.probe());
    }

    FeedActor.Answer after(long position) {
      journal
          .feed()
          .tell(
              new FeedActor.Next(
                  new Standing("log", 1, 1, position, position), false, probe.ref()));
      return probe.receiveMessage(TestSystem.PATIENCE);
    }

    /** Page by page, to the end. */
    List<SharedEvent> all() {
      List<SharedEvent> events = new ArrayList<>();
      for (long at = 0; at < EVENTS; ) {
        JournalPage page = ((FeedActor.Page) after(at)).page();
        events.addAll(page.events());
        at = page.upTo();
      }
      return events;
    }
  }

  @Test
  void a_page_is_read_once_for_all() throws Exception {
    try (TestSystem node = node("16 MiB")) {
      SharedJournal journal = journalOf(node);
      List<SharedEvent> first = Asking.of(node, journal).all();
      List<SharedEvent> second = Asking.of(node, journal).all();

      assertThat(first).hasSize(EVENTS);
      assertThat(second).as("the same objects").hasSameSizeAs(first);
      for (int i = 0; i < EVENTS; i++) {
        assertThat(second.get(i)).isSameAs(first.get(i));
      }
    }
  }

  @Test
  void no_more_is_kept_than_the_settings_say_and_who_is_behind_reads_by_itself() throws Exception {
    try (TestSystem node = node("1 B")) {
      SharedJournal journal = journalOf(node);
      Asking.of(node, journal).all();

      assertThat(Asking.of(node, journal).after(0)).isEqualTo(new FeedActor.Far(EVENTS));
      assertThat(Asking.of(node, journal).after(EVENTS - 1))
          .as("the last page is kept")
          .isInstanceOf(FeedActor.Page.class);
    }
  }
}
