package dev.kintsugi.runtime.interleaving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same as {@link InterleavingsTest}, where a generation is built beside the one that serves
 * (DESIGN 7): the invariants hold of both, and a reader sees in each snapshot what is in its
 * journal.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class BesideInterleavingsTest {

  private static final int FIRST = 200;

  static List<Stories.Told> few() {
    return BesideStories.few();
  }

  @ParameterizedTest
  @MethodSource("few")
  void the_invariants_hold_in_every_interleaving(Stories.Told story) throws Exception {
    InterleavingsTest.tell(story, Rewriting.NONE);
  }

  static List<Stories.Told> others() {
    return BesideStories.others();
  }

  @ParameterizedTest
  @MethodSource("others")
  @Tag("exhaustive")
  void the_invariants_hold_in_every_interleaving_of_the_longer_ones(Stories.Told story)
      throws Exception {
    InterleavingsTest.tell(story, Rewriting.NONE);
  }

  static List<Stories.Told> longest() {
    return BesideStories.longest();
  }

  @ParameterizedTest
  @MethodSource("longest")
  @Tag("exhaustive")
  void the_invariants_hold_in_the_first_interleavings_of_the_longest_ones(Stories.Told story)
      throws Exception {
    Stage.Report report = story.tell(Rewriting.NONE, 0, FIRST);
    assertThat(report.violations())
        .as("violations of '%s' in%n%s", story, report.story())
        .isEmpty();
  }
}
