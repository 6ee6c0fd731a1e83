package dev.kintsugi.runtime.interleaving;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The writers', the rebuild's and recovery's production code on a real PostgreSQL, in every order
 * in which their database steps can come: after each the invariants of DESIGN 10 hold. Orders that
 * nobody can tell apart are run once; see {@link Explorer} and {@link Access}.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@Tag("exhaustive")
class InterleavingsTest {

  private static final Logger log = LoggerFactory.getLogger(InterleavingsTest.class);

  /** No story has as many; one that has suddenly would keep everybody waiting. */
  private static final int TOO_MANY = 12_000;

  static List<Stories.Told> stories() {
    return Stream.concat(Stories.ofOneWriter().stream(), Stories.ofOtherKinds().stream()).toList();
  }

  /**
   * With fences that wait by ids alone: whom they wait for, fences by locks do not always wait for,
   * so there is less to tell of each story.
   */
  @ParameterizedTest
  @MethodSource("stories")
  void the_invariants_hold_in_every_interleaving(Stories.Told story) throws Exception {
    tell(story, Rewriting.FENCES_BY_IDS_ALONE);
  }

  static List<Stories.Told> fenced() {
    return Stories.ofFences();
  }

  /** With fences as they are: it also matters who has read a status when they are looked at. */
  @ParameterizedTest
  @MethodSource("fenced")
  void the_invariants_hold_where_fences_wait_by_locks(Stories.Told story) throws Exception {
    tell(story, Rewriting.NONE);
  }

  /** Tells a story to the end, or to the first interleaving in which something goes wrong. */
  static void tell(Stories.Told story, Rewriting rewriting) throws Exception {
    long begin = System.nanoTime();
    Stage.Report report = story.tell(rewriting, 0, TOO_MANY);
    log.info(
        "{}: {} interleavings, {} steps, {} s",
        story,
        report.count().complete(),
        report.count().steps(),
        Duration.ofNanos(System.nanoTime() - begin).toSeconds());
    assertThat(report.count().complete())
        .as("interleavings of '%s': a statement may depend on others that it need not", story)
        .isLessThan(TOO_MANY);
    assertThat(report.violations())
        .as("violations of '%s' in%n%s", story, report.story())
        .isEmpty();
    assertThat(report.count().complete()).as("interleavings of '%s'", story).isGreaterThan(5);
  }
}
