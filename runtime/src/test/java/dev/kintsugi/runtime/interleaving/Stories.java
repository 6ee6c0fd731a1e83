package dev.kintsugi.runtime.interleaving;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.runtime.interleaving.Programs.End;
import dev.kintsugi.runtime.testing.TestProjection;
import dev.kintsugi.runtime.testing.World;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/** The stories that are told in all their interleavings, each as short as its point allows. */
final class Stories {

  /**
   * A story.
   *
   * @param projection the projection that takes part
   * @param beginning what is in the database before the first step
   * @param casting who does what
   * @param byStream tables of which a writer touches the rows of its own stream
   */
  record Told(
      String title,
      Supplier<TestProjection> projection,
      Scene.Beginning beginning,
      Cast.Casting casting,
      Set<String> byStream) {

    Told(
        String title,
        Supplier<TestProjection> projection,
        Scene.Beginning beginning,
        Cast.Casting casting) {
      this(title, projection, beginning, casting, Scene.BY_STREAM);
    }

    /**
     * Tells it in all interleavings.
     *
     * @param enough how many more to tell where one has failed
     * @param atMost how many to tell in all
     */
    Stage.Report tell(Rewriting rewriting, int enough, int atMost) throws Exception {
      return Stage.tell(this, rewriting, enough, atMost);
    }

    @Override
    public String toString() {
      return title;
    }
  }

  static final Told ONE_APPEND =
      told(
          "one append; a rebuild and its drain",
          cast -> cast.writer("writer", "a", 1, End.COMMIT).rebuild());

  static final Told TWO_APPENDS =
      told(
          "two appends on one stream; a rebuild and its drain",
          cast -> cast.writer("writer", "a", 1, End.COMMIT, End.COMMIT).rebuild());

  static final Told TWO_WRITERS =
      told(
          "two writers; a rebuild and its drain",
          cast ->
              cast.writer("writer 1", "a", 1, End.COMMIT)
                  .writer("writer 2", "b", 0, End.COMMIT)
                  .rebuild());

  /** Recovery also looks when nobody told it to. */
  static final Told EAGER_RECOVERY =
      told(
          "one append; a rebuild; recovery that looks at any time",
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT)
                  .and("rebuild", cast.does().rebuild(Optional.empty()))
                  .recovery(2, 1));

  /** A writer that helps and a drain wait for each other's records. */
  static final Told HELP =
      new Told(
          "two appends behind an open record; a drain",
          () -> new TestProjection("log"),
          (world, log) -> {
            world.setPaused(log, true);
            world.append(world.event("a", 1));
            world.setPaused(log, false);
          },
          cast -> cast.writer("writer", "a", 1, End.COMMIT, End.COMMIT).recovery(1, 1));

  static final Told PARKED =
      new Told(
          "two appends behind a parked record; a drain; somebody has it tried again",
          () -> new TestProjection("log"),
          Stories::park,
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT, End.COMMIT)
                  .recovery(1, 1)
                  .and("operator", cast.does().retryAll()));

  /** Without anybody who mends it. */
  static final Told LEFT_PARKED =
      new Told(
          "an append behind a parked record; a drain",
          () -> new TestProjection("log"),
          Stories::park,
          cast -> cast.writer("writer", "a", 1, End.COMMIT).recovery(1, 1));

  static final Told POISON =
      new Told(
          "an append; a rebuild that comes to an event which can't be applied, and its drain",
          () -> new TestProjection("log").onFailure(FailurePolicy.skip().withoutRetry()),
          (world, log) -> {
            world.append(world.event("a", 1));
            log.failOn("a/1");
          },
          cast -> cast.writer("writer", "a", 1, End.COMMIT).rebuild());

  /** Nodes that lost sight of each other may both own it, for as long as it takes. */
  static final Told TWO_OWNERS =
      new Told(
          "a rebuild; another owner's step at any time",
          () -> new TestProjection("log"),
          (world, log) -> {
            appendToTwo(world, log);
            world.requestRebuild(log);
          },
          cast -> cast.and("owner", cast.does().owner()).and("former", cast.does().formerOwner(1)));

  /** A writer that helps, while the older generation's record becomes the newer one's. */
  static final Told STOPPED =
      new Told(
          "an append behind an open record; a rebuild that is stopped in the fence, and its drain",
          () -> new TestProjection("log"),
          HELP.beginning(),
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT)
                  .and("rebuild", cast.does().stoppedRebuild())
                  .recovery(2, 0));

  /** A writer that records behind a parked record of either generation. */
  static final Told STOPPED_BEHIND_PARKED =
      new Told(
          "an append behind a parked record; a rebuild that is stopped in the fence",
          () -> new TestProjection("log"),
          Stories::park,
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT)
                  .and("rebuild", cast.does().stoppedRebuild())
                  .recovery(2, 0));

  /** The stop comes before the read model is emptied, or after that. */
  static final Told STOPPED_AT_ANY_TIME =
      new Told(
          "a rebuild; somebody stops it at any time",
          () -> new TestProjection("log"),
          (world, log) -> {
            appendToTwo(world, log);
            world.requestRebuild(log);
          },
          cast -> cast.and("owner", cast.does().owner()).and("operator", cast.does().stop()));

  /**
   * The writer's transaction is prepared, and committed by nobody's session. It records, and so
   * holds no lock on the read model that would keep it from being emptied.
   */
  static final Told PREPARED =
      new Told(
          "an append behind a parked record that is prepared before it is committed; a rebuild and its drain",
          () -> new TestProjection("log"),
          Stories::park,
          cast -> cast.and("writer", cast.does().preparedWriter("a", 1)).rebuild());

  /** A writer of a few statements, which is what the others are in short. */
  static final Told BY_HAND = byHand(StatusRead.IN_ITS_TRANSACTION);

  static final Told TO_FOLLOWING =
      toFollowing("one append", cast -> cast.writer("writer", "a", 1, End.COMMIT));

  static final Told TO_FOLLOWING_EAGER_RECOVERY =
      toFollowing("one append", 1, cast -> cast.writer("writer", "a", 1, End.COMMIT));

  static final Told TO_FOLLOWING_TWO_APPENDS =
      toFollowing(
          "two appends on one stream",
          cast -> cast.writer("writer", "a", 1, End.COMMIT, End.COMMIT));

  /** The number of the first may be the lower one, and its writer may commit later. */
  static final Told TO_FOLLOWING_TWO_STREAMS =
      toFollowing(
          "one append, and one on another stream at once",
          cast ->
              cast.writer("writer", "a", 1, End.COMMIT)
                  .and("another", cast.follows().appendAtOnce("b")));

  static final Told TO_INLINE =
      toInline("one append", cast -> cast.writer("writer", "a", 1, End.COMMIT));

  static final Told TO_INLINE_EAGER_RECOVERY =
      toInline("one append", 1, cast -> cast.writer("writer", "a", 1, End.COMMIT));

  /** Nodes that lost sight of each other may both have it follow. */
  static final Told FOLLOWERS =
      followed("one append; two followers", "former", cast -> cast.follows().follower(1));

  /** The number of the first may be the lower one, and its writer may commit later. */
  static final Told FOLLOWED =
      followed(
          "one append, and one on another stream at once; a follower",
          "another",
          cast -> cast.follows().appendAtOnce("b"));

  private static Told followed(String title, String name, Function<Cast, Program> other) {
    return new Told(
        title,
        () -> new TestProjection("log").following(),
        (world, log) -> world.append(world.event("a", 1)),
        cast ->
            cast.writer("writer", "a", 1, End.COMMIT)
                .and("follower", cast.follows().follower(1))
                .and(name, other.apply(cast)),
        Scene.BY_STREAM_BUT_NUMBERED);
  }

  private static Told toFollowing(String appends, Cast.Casting writers) {
    return toFollowing(appends, 0, writers);
  }

  /**
   * A story of a change to following.
   *
   * @param looks how often recovery looks when nobody told it to
   */
  private static Told toFollowing(String appends, int looks, Cast.Casting writers) {
    return new Told(
        appends
            + "; a change from inline to following, its follower and "
            + (looks == 0 ? "its drain" : "recovery that looks at any time"),
        () -> new TestProjection("log"),
        (world, log) -> world.append(world.event("a", 1)),
        cast ->
            writers
                .cast(cast)
                .and("change", cast.follows().changeToFollowing())
                .and("follower", cast.follows().follower(2))
                .and("recovery", cast.follows().recovery(2, looks)),
        Scene.BY_STREAM_BUT_NUMBERED);
  }

  private static Told toInline(String appends, Cast.Casting writers) {
    return toInline(appends, 0, writers);
  }

  /** The older generation's follower has yet to come to what is in the journal. */
  private static Told toInline(String appends, int looks, Cast.Casting writers) {
    return new Told(
        appends
            + "; a change from following to inline, the older follower and "
            + (looks == 0 ? "its drain" : "recovery that looks at any time"),
        () -> new TestProjection("log").following(),
        (world, log) -> world.append(world.event("a", 1)),
        cast ->
            writers
                .cast(cast)
                .and("change", cast.follows().changeToInline())
                .and("follower", cast.follows().follower(1))
                .recovery(2, looks),
        Scene.BY_STREAM_BUT_NUMBERED);
  }

  static Told byHand(StatusRead reads) {
    return new Told(
        "one append by hand, that reads the status " + reads + "; a rebuild and its drain",
        () -> new TestProjection("log"),
        (world, log) -> {
          appendToTwo(world, log);
          StatusRead.copyStatuses(world);
        },
        cast -> cast.and("writer", cast.does().writerByHand("a", 1, reads)).rebuild());
  }

  private Stories() {}

  static List<Told> ofOneWriter() {
    return List.of(
        ONE_APPEND,
        TWO_APPENDS,
        rolledBack(End.ROLLBACK, End.COMMIT),
        rolledBack(End.COMMIT, End.ROLLBACK),
        EAGER_RECOVERY,
        HELP,
        PARKED,
        POISON);
  }

  /** Those that are short, and in which fences matter. */
  static List<Told> ofFences() {
    return List.of(ONE_APPEND, HELP, PARKED, POISON, PREPARED, BY_HAND);
  }

  /** The shortest ones, of the other kinds of projections. */
  static List<Told> ofOtherKinds() {
    List<Told> stories = new ArrayList<>();
    for (TestProjection.Kind kind : EnumSet.complementOf(EnumSet.of(TestProjection.Kind.HANDLER))) {
      for (Told story : List.of(ONE_APPEND, HELP)) {
        stories.add(
            new Told(
                "%s; %s".formatted(kind.name().toLowerCase(Locale.ROOT), story.title()),
                () -> story.projection().get().kind(kind),
                story.beginning(),
                story.casting()));
      }
    }
    return stories;
  }

  static List<Told> ofTakeovers() {
    return List.of(STOPPED, STOPPED_BEHIND_PARKED, STOPPED_AT_ANY_TIME);
  }

  /** From inline to following, and back, with no rebuild. */
  static List<Told> ofModeChanges() {
    return List.of(TO_FOLLOWING, TO_INLINE);
  }

  /** Where nothing changes, and it follows for good. */
  static List<Told> ofFollowers() {
    return List.of(FOLLOWERS, FOLLOWED);
  }

  static List<Told> ofTwoWriters() {
    return List.of(TWO_WRITERS, oneWriterRolledBack());
  }

  private static Told rolledBack(End... ends) {
    return told(
        "two appends on one stream, of which one is rolled back %s; a rebuild and its drain"
            .formatted(ends[0] == End.ROLLBACK ? "first" : "last"),
        cast -> cast.writer("writer", "a", 1, ends).rebuild());
  }

  private static Told oneWriterRolledBack() {
    return told(
        "two writers, of whom one rolls back; a rebuild and its drain",
        cast ->
            cast.writer("writer 1", "a", 1, End.COMMIT)
                .writer("writer 2", "b", 0, End.ROLLBACK)
                .rebuild());
  }

  /** One append, and a rebuild whose owner's node crashes. */
  static Told crash(Crash.At at) {
    return told(
        "one append; a rebuild whose owner crashes " + at,
        cast -> cast.writer("writer", "a", 1, End.COMMIT).rebuildThatCrashes(at));
  }

  private static Told told(String title, Cast.Casting casting) {
    return new Told(title, () -> new TestProjection("log"), Stories::appendToTwo, casting);
  }

  /**
   * Two events, of which the last has a number that leaves room for later ones below it: whoever
   * wrote it drew its number after somebody else who commits later, as happens all the time.
   */
  private static void appendToTwo(World world, TestProjection log) throws Exception {
    world.append(world.event("a", 1), world.event("c", 1));
    world.execute("UPDATE event_journal SET ordering = 1000 WHERE persistence_id = 'c'");
  }

  private static void park(World world, TestProjection log) throws Exception {
    log.failOn("a/1");
    world.append(world.event("a", 1));
    log.repair();
    world.execute("UPDATE kintsugi_skip SET parked_at = now(), next_attempt_at = '-infinity'");
  }
}
