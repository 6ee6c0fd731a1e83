package dev.kintsugi.runtime.interleaving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The same as {@link InterleavingsTest}, where the rebuild's node crashes on the way, or another
 * one takes itself for the owner, too.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@Tag("exhaustive")
class CrashInterleavingsTest {

  @ParameterizedTest
  @EnumSource
  void the_invariants_hold_in_every_interleaving_with_a_crash_of_the_owner_at_any_commit(
      Crash.When when) throws Exception {
    int commit = 0;
    Crash.At at;
    do {
      at = Crash.At.at(when, ++commit);
      InterleavingsTest.tell(Stories.crash(at), Rewriting.FENCES_BY_IDS_ALONE);
    } while (at.happened().get() > 0);
    assertThat(commit).as("commits of a rebuild").isGreaterThan(10);
  }

  @Test
  void the_invariants_hold_in_every_interleaving_with_a_step_of_another_owner() throws Exception {
    InterleavingsTest.tell(Stories.TWO_OWNERS, Rewriting.FENCES_BY_IDS_ALONE);
  }
}
