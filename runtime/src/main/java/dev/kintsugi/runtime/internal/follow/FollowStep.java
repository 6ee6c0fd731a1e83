package dev.kintsugi.runtime.internal.follow;

/** What came of a step of a {@link Follower}. */
public sealed interface FollowStep {

  /**
   * It has come to a position.
   *
   * @param applied how many events it applied
   * @param failed how many it recorded as failed
   * @param behind how many it recorded as they are behind one that has an open record
   */
  record Moved(long position, int applied, int failed, int behind) implements FollowStep {}

  /** There is nothing to do, until somebody changes the rows. */
  record Resting(String why) implements FollowStep {}

  /**
   * Its cursor is beyond what the journal has handed out: the database is a copy that lacks the
   * latest, and the read model has what the journal has not.
   */
  record BeyondJournal(long position, long lastOrdering) implements FollowStep {}
}
