package dev.kintsugi.runtime.interleaving;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same as {@link InterleavingsTest}, where a projection changes from inline to following, or
 * back, beside writers, its follower and recovery (DESIGN 7a).
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class ModeChangeInterleavingsTest {

  static List<Stories.Told> stories() {
    return Stories.ofModeChanges();
  }

  @ParameterizedTest
  @MethodSource("stories")
  @Tag("slow")
  void the_invariants_hold_in_every_interleaving(Stories.Told story) throws Exception {
    InterleavingsTest.tell(story, Rewriting.FENCES_BY_IDS_ALONE);
  }

  @ParameterizedTest
  @MethodSource("stories")
  @Tag("exhaustive")
  void the_invariants_hold_where_fences_wait_by_locks(Stories.Told story) throws Exception {
    InterleavingsTest.tell(story, Rewriting.NONE);
  }

  static List<Stories.Told> followers() {
    return Stories.ofFollowers();
  }

  @ParameterizedTest
  @MethodSource("followers")
  @Tag("exhaustive")
  void the_invariants_hold_in_every_interleaving_of_followers(Stories.Told story) throws Exception {
    InterleavingsTest.tell(story, Rewriting.FENCES_BY_IDS_ALONE);
  }
}
