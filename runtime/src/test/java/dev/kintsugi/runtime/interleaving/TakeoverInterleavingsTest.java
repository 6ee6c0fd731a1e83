package dev.kintsugi.runtime.interleaving;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same as {@link InterleavingsTest}, where a rebuild is stopped and what was active is again.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@Tag("slow")
class TakeoverInterleavingsTest {

  static List<Stories.Told> stories() {
    return Stories.ofTakeovers();
  }

  @ParameterizedTest
  @MethodSource("stories")
  void the_invariants_hold_in_every_interleaving(Stories.Told story) throws Exception {
    InterleavingsTest.tell(story, Rewriting.NONE);
  }
}
