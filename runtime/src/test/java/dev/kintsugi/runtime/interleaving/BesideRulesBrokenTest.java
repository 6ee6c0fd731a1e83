package dev.kintsugi.runtime.interleaving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each rule of a build beside (DESIGN 7), broken, as in {@link RulesBrokenTest}: some interleaving
 * has to break an invariant.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@Tag("exhaustive")
class BesideRulesBrokenTest {

  private static final Logger log = LoggerFactory.getLogger(BesideRulesBrokenTest.class);

  /** How many runs are looked at from the first that fails on, for one that is shorter to tell. */
  private static final int ENOUGH = 5;

  private static final String HAS_PASSED = "pg_snapshot_xmin(s.now) > s.fence";
  private static final String HAS_DRAWN = "l.mode = 'RowExclusiveLock'";

  /** Records are left on streams that hold none that is parked. */
  private static final String UNFINISHED = "LIMIT 1) IS NULL)";

  /**
   * Whoever writes by a view that another generation's tables are behind by now is refused, and
   * runs again. That alone is enough for a handler that inserts, and not for one whose statement
   * finds no rows to change: no trigger hears of that.
   */
  private static final String REFUSES = "INSTEAD OF INSERT OR UPDATE OR DELETE ON";

  static List<RulesBrokenTest.Variant> variants() {
    return List.of(
        variant(
            "beside: the follower goes beyond what is proven",
            BesideStories.FOLLOWED,
            () ->
                Broken.where(
                    HAS_DRAWN,
                    HAS_DRAWN + " AND current_setting('application_name') <> 'follower'")),
        variant(
            "beside: no fence after writers have begun to record",
            BesideStories.CATCHING_UP,
            () -> withoutFenceOf("kintsugi_rebuild WHERE phase = 'catch_up'")),
        variant(
            "beside: proven before the second fence",
            BesideStories.SETTLING,
            () -> withoutFenceOf("kintsugi_rebuild WHERE phase = 'settle'")),
        variant(
            "beside: proven and swapped in with open records",
            BesideStories.SETTLING,
            () -> Broken.where(UNFINISHED, UNFINISHED.replace("IS NULL", "IS NOT NULL"))),
        variant(
            "beside: neither a fence from where the tables that serve were moved to the swap, nor a view that refuses writes",
            BesideStories.SWAP,
            () ->
                withoutFenceOf("kintsugi_rebuild WHERE phase = 'swap'")
                    .and(REFUSES, "INSTEAD OF DELETE ON")),
        variant(
            "beside: a swap that does not wait for older snapshots",
            BesideStories.SWAP_SEEN,
            () -> Broken.where("a.backend_xmin IS NOT NULL", "FALSE")),
        variant(
            "beside: one that does not serve rejects an append",
            BesideStories.FAILS_IN_THE_NEW,
            () -> Broken.where("p.serving, p.place, o.", "TRUE, p.place, o.")),
        variant(
            "beside: what was stopped is cleared away before the fence",
            BesideStories.STOPPED,
            () -> withoutFenceOf("kintsugi_retirement WHERE ended_at IS NULL")),
        variant(
            "beside: what was replaced is dropped before the fence",
            BesideStories.RETIRED_BEHIND_PARKED,
            () -> withoutFenceOf("kintsugi_retirement WHERE ended_at IS NULL")));
  }

  private static RulesBrokenTest.Variant variant(
      String title, Stories.Told story, Supplier<Broken> broken) {
    return new RulesBrokenTest.Variant(title, story, broken);
  }

  private static Broken withoutFenceOf(String some) {
    return Broken.where(HAS_PASSED, HAS_PASSED + " OR EXISTS (SELECT 1 FROM " + some + ")");
  }

  @ParameterizedTest
  @MethodSource("variants")
  void a_build_beside_that_is_broken_in_one_place_breaks_in_some_interleaving(
      RulesBrokenTest.Variant variant) throws Exception {
    Broken broken = variant.broken().get();
    Stage.Report report = variant.story().tell(broken, ENOUGH, Integer.MAX_VALUE);
    log.info(
        "{}: {} of {} interleavings of '{}' fail; the shortest:\n{}    {}",
        variant,
        report.failed(),
        report.count().complete(),
        variant.story(),
        report.story(),
        report.violations());
    assertThat(broken.changed()).as("statements that were changed").isPositive();
    assertThat(report.failed()).as("interleavings of '%s' that fail", variant).isPositive();
  }
}
