package dev.kintsugi.runtime.interleaving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.runtime.interleaving.Programs.End;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each rule of the protocol, broken: the production code runs, but for the one statement that the
 * rule is about, and some interleaving MUST break an invariant. A variant that none breaks would
 * mean that the rule is not needed, or that {@link InterleavingsTest} sees nothing.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@Tag("exhaustive")
class RulesBrokenTest {

  private static final Logger log = LoggerFactory.getLogger(RulesBrokenTest.class);

  /** How many runs are looked at from the first that fails on, for one that is shorter to tell. */
  private static final int ENOUGH = 30;

  private static final String RECORDS = "INSERT INTO kintsugi_skip (";
  private static final String NOWHERE = "INSERT INTO nowhere (";
  private static final String HAS_PASSED = "pg_snapshot_xmin(s.now) > s.fence";
  private static final String OF_THE_REBUILD =
      "FROM kintsugi_rebuild WHERE projection = ? AND generation = ?";
  private static final String TAKE_OVER =
      "UPDATE kintsugi_skip s SET projection = ?, generation = ? WHERE ";

  /** Whom a proof that orderings are final waits for. */
  private static final String HAS_DRAWN = "l.mode = 'RowExclusiveLock'";

  private static final String FOLLOWED_RECORDS = "SELECT s.ordering FROM kintsugi_skip s WHERE ";
  private static final String FOLLOWED_STREAMS = "WHERE s.persistence_id = u.stream";
  private static final String PHASE_AS_READ = "requested_by, reason, phase, fence::text";

  private static final String TRUNCATE = "TRUNCATE log_log RESTART IDENTITY";

  /**
   * A broken protocol, and the story that shows it.
   *
   * @param broken made anew for each run of the test
   */
  record Variant(String title, Stories.Told story, Supplier<Broken> broken) {
    @Override
    public String toString() {
      return title;
    }
  }

  static List<Variant> variants() {
    return List.of(
        new Variant("no skip record", Stories.ONE_APPEND, () -> Broken.where(RECORDS, NOWHERE)),
        new Variant("status read before the id", Stories.ONE_APPEND, Broken::consultBeforeTheId),
        new Variant("no first fence", Stories.ONE_APPEND, () -> withoutFence("fence")),
        new Variant(
            "a snapshot's xmax for the fence",
            Stories.ONE_APPEND,
            () ->
                Broken.where(
                        "SELECT pg_current_xact_id()::text",
                        "SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
                    .and(HAS_PASSED, HAS_PASSED.replace(">", ">="))
                    .comparingIds()),
        new Variant(
            "a fence that is taken before the change is committed",
            Stories.ONE_APPEND,
            () ->
                Broken.where(
                        "SELECT pg_current_xact_id()::text",
                        "SELECT max(xmin::text::bigint)::text FROM kintsugi_projection")
                    .comparingIds()),
        new Variant(
            "prepared transactions left out",
            Stories.PREPARED,
            () -> Broken.where("WHERE l.granted", "WHERE l.granted AND l.pid IS NOT NULL")),
        new Variant(
            "a decision that outlives the savepoint behind which the status was read",
            Stories.byHand(StatusRead.BEHIND_A_SAVEPOINT),
            Broken::byTheStory),
        new Variant(
            "rows changed without having read the status that is acted on",
            Stories.byHand(StatusRead.FROM_A_COPY),
            Broken::byTheStory),
        new Variant(
            "no look for the stream's open records",
            Stories.TWO_APPENDS,
            () -> Broken.where("AND a.status = 'active' AND NOT a.paused", "AND FALSE")),
        new Variant(
            "a writer applies past a parked record",
            Stories.LEFT_PARKED,
            () ->
                Broken.where(
                    "WHERE r.projection = a.projection",
                    "WHERE r.parked_at IS NULL AND r.projection = a.projection")),
        new Variant(
            "recovery applies past a parked record",
            Stories.LEFT_PARKED,
            () ->
                Broken.where(
                    "(held.parked_at IS NOT NULL OR held.next_attempt_at > statement_timestamp())",
                    "held.ordering = s.ordering AND held.parked_at IS NOT NULL")),
        new Variant(
            "drained before replay has ended",
            Stories.EAGER_RECOVERY,
            () -> Broken.where(PHASE_AS_READ, asRecoveryReadsIt("drain"))),
        new Variant(
            "the read model emptied before the fence",
            emptiedBeforeTheFence(),
            () -> Broken.where(TRUNCATE, "SELECT 'emptied already'")),
        new Variant(
            "two owners, and neither the lock on the rebuild's row nor the compare-and-set",
            Stories.TWO_OWNERS,
            () ->
                Broken.where(OF_THE_REBUILD + " FOR NO KEY UPDATE", OF_THE_REBUILD)
                    .and("phase = 'replay' AND checkpoint = ?", "phase = 'replay' AND 0 <= ?")),
        new Variant(
            "a takeover that leaves the older records",
            Stories.STOPPED,
            () -> Broken.where(TAKE_OVER, TAKE_OVER + "FALSE AND ")),
        new Variant(
            "a takeover before the fence",
            Stories.STOPPED_BEHIND_PARKED,
            () -> withoutFence("takeover")),
        new Variant(
            "a takeover of what was emptied",
            Stories.STOPPED_AT_ANY_TIME,
            () -> Broken.where("AND phase = 'fence' AND from_generation", "AND from_generation")),
        article("article: wait for those that run", ArticleRepairs::waitForThoseThatRun),
        article("article: an id as the boundary", ArticleRepairs::boundAtAnId),
        new Variant(
            "article: lock writers out",
            withRebuild(ArticleRepairs::lockWritersOut),
            () -> Broken.consultBeforeTheId().and(RECORDS, NOWHERE)));
  }

  /**
   * Those of a change from inline to following and back (DESIGN 7a). A follower asks only for open
   * records, not for archived ones: what has one is not drained before its follower has passed it.
   * So it is this that is broken here.
   */
  static List<Variant> variantsOfFollowing() {
    return List.of(
        new Variant(
            "to following: a cursor at the highest ordering, which is not proven",
            Stories.TO_FOLLOWING_TWO_STREAMS,
            () -> Broken.where(HAS_DRAWN, HAS_DRAWN + isNot("change"))),
        new Variant(
            "a follower goes beyond what is proven",
            Stories.FOLLOWED,
            () -> Broken.where(HAS_DRAWN, HAS_DRAWN + isNot("follower"))),
        new Variant(
            "to following: no skip record",
            Stories.TO_FOLLOWING,
            () -> Broken.where(RECORDS, NOWHERE)),
        new Variant(
            "to following: the follower does not leave out what has a record",
            Stories.TO_FOLLOWING,
            () -> Broken.where(FOLLOWED_RECORDS, FOLLOWED_RECORDS + "FALSE AND ")),
        new Variant(
            "to following: the follower applies past an open record",
            Stories.TO_FOLLOWING_TWO_APPENDS,
            () -> Broken.where(FOLLOWED_STREAMS, FOLLOWED_STREAMS + " AND FALSE")),
        new Variant(
            "to following: drained before the follower has passed the bound",
            Stories.TO_FOLLOWING_EAGER_RECOVERY,
            () -> Broken.where(PHASE_AS_READ, asRecoveryReadsIt("settle"))),
        new Variant(
            "to following: no fence after the change",
            Stories.TO_FOLLOWING,
            () -> withoutFence("replay")),
        new Variant(
            "two followers, and no compare-and-set of the cursor",
            Stories.FOLLOWERS,
            () -> Broken.where("generation = ? AND position = ?", "generation = ? AND 0 <= ?")),
        new Variant("to inline: no first fence", Stories.TO_INLINE, () -> withoutFence("takeover")),
        new Variant(
            "to inline: no skip record", Stories.TO_INLINE, () -> Broken.where(RECORDS, NOWHERE)),
        new Variant(
            "to inline: drained before the replay from the cursor has ended",
            Stories.TO_INLINE_EAGER_RECOVERY,
            () -> Broken.where(PHASE_AS_READ, asRecoveryReadsIt("drain"))));
  }

  private static String isNot(String session) {
    return " AND current_setting('application_name') <> '" + session + "'";
  }

  private static String asRecoveryReadsIt(String phase) {
    return PHASE_AS_READ.replace(
        "phase",
        "CASE WHEN current_setting('application_name') = 'recovery' THEN '%s' ELSE phase END"
            .formatted(phase));
  }

  private static Broken withoutFence(String phase) {
    return Broken.where(
        HAS_PASSED,
        HAS_PASSED
            + " OR EXISTS (SELECT 1 FROM kintsugi_rebuild WHERE phase = '%s')".formatted(phase));
  }

  private static Variant article(String title, Function<ArticleRepairs, Program> repair) {
    return new Variant(
        title, withRebuild(repair), () -> Broken.where(RECORDS, NOWHERE).comparingIds());
  }

  private static Stories.Told withRebuild(Function<ArticleRepairs, Program> repair) {
    return new Stories.Told(
        "one append; a rebuild as in the article",
        Stories.ONE_APPEND.projection(),
        Stories.ONE_APPEND.beginning(),
        cast ->
            cast.writer("writer", "a", 1, End.COMMIT)
                .and("rebuild", repair.apply(new ArticleRepairs(cast.scene()))));
  }

  private static Stories.Told emptiedBeforeTheFence() {
    return new Stories.Told(
        "one append; a rebuild that empties the read model first",
        Stories.ONE_APPEND.projection(),
        Stories.ONE_APPEND.beginning(),
        cast ->
            cast.writer("writer", "a", 1, End.COMMIT)
                .and(
                    "rebuild",
                    (database, session) -> {
                      cast.does().request(database);
                      database.inTransaction(
                          connection -> connection.createStatement().execute("TRUNCATE log_log"));
                      cast.does().rebuild(Optional.empty()).run(database, session);
                    })
                .recovery(2, 0));
  }

  /** Whatever somebody reads his status by, he had his id before. */
  @ParameterizedTest
  @EnumSource(StatusRead.class)
  void fences_by_ids_alone_wait_also_for_whoever_holds_no_lock(StatusRead reads) throws Exception {
    Stage.Report report =
        Stories.byHand(reads).tell(Rewriting.FENCES_BY_IDS_ALONE, 0, Integer.MAX_VALUE);
    assertThat(report.violations()).as(report.story()).isEmpty();
    assertThat(report.count().complete()).isGreaterThan(5);
  }

  @ParameterizedTest
  @MethodSource({"variants", "variantsOfFollowing"})
  void a_protocol_that_is_broken_in_one_place_breaks_in_some_interleaving(Variant variant)
      throws Exception {
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
