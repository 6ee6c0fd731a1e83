package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.RebuildPolicy;
import dev.kintsugi.runtime.interleaving.Programs.End;
import dev.kintsugi.runtime.status.Phase;
import dev.kintsugi.runtime.testing.BesideRun;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.util.List;

/**
 * Stories of a build beside the generation that serves (DESIGN 7). Each begins at the phase that
 * its point is near, and ends soon after it; together they are a whole build.
 */
final class BesideStories {

  /** Numbers are drawn and committed in any order, and a follower reads what is final. */
  static final Stories.Told FOLLOWED =
      new Stories.Told(
          "one append, and one on another stream at once; the follower of a build beside",
          BesideStories::log,
          (world, log) -> begin(world, log, Phase.FOLLOW),
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT)
                  .and("follower", cast.follows().follower(2))
                  .and("another", cast.follows().appendAtOnce("b")),
          Scene.BY_STREAM_BUT_NUMBERED);

  static final Stories.Told CATCHING_UP =
      catchingUp("one append", cast -> cast.writer("writer", "a", 1, End.COMMIT));

  static final Stories.Told CATCHING_UP_TWO_APPENDS =
      catchingUp(
          "two appends on one stream",
          cast -> cast.writer("writer", "a", 1, End.COMMIT, End.COMMIT));

  static final Stories.Told CATCHING_UP_ROLLED_BACK =
      catchingUp(
          "two appends on one stream, of which the first is rolled back",
          cast -> cast.writer("writer", "a", 1, End.ROLLBACK, End.COMMIT));

  static final Stories.Told SETTLING =
      settling("one append", cast -> cast.writer("writer", "a", 1, End.COMMIT));

  /** The tables that serve have the names that readers use, and are moved to a place first. */
  static final Stories.Told SWAP =
      from(
          "one append; a swap, for which the tables that serve are moved first",
          Phase.SWAP,
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT)
                  .and("build", cast.beside().build(2, Phase.DONE)));

  /** What is drained after his snapshot was taken, a reader can't see. */
  static final Stories.Told SWAP_SEEN =
      new Stories.Told(
          "a build beside that is drained, proven and swapped in; a reader that keeps his snapshot",
          BesideStories::log,
          BesideStories::beginWithRecord,
          cast ->
              cast.and("build", cast.beside().build(2, Phase.DONE))
                  .and(Beside.READER, cast.beside().reader()));

  static final Stories.Told UNDO =
      from(
          "two appends on one stream; a swap back",
          Phase.DONE,
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT, End.COMMIT)
                  .and("undo", cast.beside().undo(1)));

  static final Stories.Told UNDO_SEEN =
      from(
          "one append; a swap back; a reader that keeps his snapshot",
          Phase.DONE,
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT)
                  .and("undo", cast.beside().undo(1))
                  .and(Beside.READER, cast.beside().reader()));

  static final Stories.Told RETIRED =
      from(
          "two appends on one stream; the generation that was replaced is retired",
          Phase.DONE,
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT, End.COMMIT)
                  .and("operator", cast.beside().retireReplaced()));

  /** Writers record for what is retired, so they have no lock on its tables. */
  static final Stories.Told RETIRED_BEHIND_PARKED =
      new Stories.Told(
          "one append behind a record that is parked in the generation that was replaced; that one is retired",
          BesideStories::log,
          (world, log) -> {
            begin(world, log, Phase.DONE);
            world.execute(
                "ALTER TABLE kintsugi_log_1.log_log ADD CHECK (payload <> 'a/2') NOT VALID");
            world.append(world.event("a", 2));
            world.execute("UPDATE kintsugi_skip SET parked_at = now()");
          },
          cast ->
              cast.writer("writer", "a", 2, End.COMMIT)
                  .and("operator", cast.beside().retireReplaced()));

  /** Writers record for what is stopped. */
  static final Stories.Told STOPPED =
      from(
          "one append; a build that somebody stops while writers record",
          Phase.CATCH_UP,
          cast -> cast.writer("writer", "a", 1, End.COMMIT).and("operator", cast.beside().stop()));

  static final Stories.Told STOPPED_AT_ANY_TIME =
      from(
          "a build that somebody stops at any time",
          Phase.CATCH_UP,
          cast ->
              cast.and("owner", cast.beside().owner(2, Phase.COMPARE))
                  .and("operator", cast.beside().stop()));

  static final Stories.Told TWO_OWNERS =
      from(
          "a build; another owner's step at any time",
          Phase.CATCH_UP,
          cast ->
              cast.and("owner", cast.beside().owner(2, Phase.COMPARE))
                  .and("former", cast.beside().formerOwner(2, 1)));

  /** An event that only the new generation can't apply. */
  static final Stories.Told FAILS_IN_THE_NEW =
      new Stories.Told(
          "appends of which only the new generation can't apply one; its comparison",
          () -> log().onFailure(FailurePolicy.reject()),
          (world, log) -> {
            begin(world, log, Phase.COMPARE);
            world.execute(
                "ALTER TABLE kintsugi_log_2.log_log ADD CHECK (payload <> 'a/2') NOT VALID");
          },
          cast ->
              cast.writer("writer 1", "a", 1, End.COMMIT, End.COMMIT)
                  .writer("writer 2", "b", 0, End.COMMIT)
                  .and("build", cast.beside().build(2, Phase.SWAP)));

  private BesideStories() {}

  static TestProjection log() {
    return new TestProjection("log").rebuilt(RebuildPolicy.beside());
  }

  static List<Stories.Told> few() {
    return List.of(CATCHING_UP, SWAP_SEEN, STOPPED, FAILS_IN_THE_NEW);
  }

  static List<Stories.Told> others() {
    return List.of(
        FOLLOWED,
        CATCHING_UP_TWO_APPENDS,
        CATCHING_UP_ROLLED_BACK,
        SETTLING,
        SWAP,
        UNDO,
        UNDO_SEEN,
        RETIRED,
        RETIRED_BEHIND_PARKED);
  }

  /** Those that have more interleavings than can be told. */
  static List<Stories.Told> longest() {
    return List.of(STOPPED_AT_ANY_TIME, TWO_OWNERS);
  }

  private static Stories.Told catchingUp(String appends, Cast.Casting writers) {
    return new Stories.Told(
        appends + "; a build beside that catches up",
        BesideStories::log,
        BesideStories::beginWithRoom,
        cast -> writers.cast(cast).and("build", cast.beside().build(2, Phase.DRAIN)));
  }

  private static Stories.Told settling(String appends, Cast.Casting writers) {
    return from(
        appends + "; a build beside that is drained, proven and swapped in",
        Phase.DRAIN,
        cast -> writers.cast(cast).and("build", cast.beside().build(2, Phase.DONE)).recovery(2, 0));
  }

  private static Stories.Told from(String title, Phase phase, Cast.Casting casting) {
    return new Stories.Told(
        title, BesideStories::log, (world, log) -> begin(world, log, phase), casting);
  }

  /** A build that has come to a phase. */
  private static void begin(World world, TestProjection log, Phase phase) throws Exception {
    world.append(world.event("a", 1));
    world.requestRebuild(log);
    try (BesideRun run = new BesideRun(world, log)) {
      run.until(phase);
    }
  }

  /**
   * One whose follower has a last event to come to, with a number that leaves room for later ones
   * below it.
   */
  private static void beginWithRoom(World world, TestProjection log) throws Exception {
    begin(world, log, Phase.FOLLOW);
    world.append(world.event("c", 1));
    world.execute("UPDATE event_journal SET ordering = 1000 WHERE persistence_id = 'c'");
  }

  /** One that is to be drained of a record, which a writer has made. */
  private static void beginWithRecord(World world, TestProjection log) throws Exception {
    begin(world, log, Phase.CATCH_UP);
    world.append(world.event("a", 2));
    try (BesideRun run = new BesideRun(world, log)) {
      run.until(Phase.DRAIN);
    }
  }
}
