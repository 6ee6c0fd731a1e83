package dev.kintsugi.runtime.internal.rebuild;

import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.status.Rebuild;

/** How history is replayed (DESIGN 6, step 4). What it has done stands in the rebuild's row. */
interface Replay {

  /**
   * Does the next part of it.
   *
   * @throws ReplayStoppedException an event can't be applied, and the projection's policy is to
   *     stop
   * @throws Exception if the database is at fault
   */
  RebuildStep next(Applier applier, Rebuild rebuild) throws Exception;

  /**
   * Writes what was gathered, with the checkpoint, if there is anything.
   *
   * @throws Exception if the database is at fault
   */
  void store() throws Exception;

  /**
   * Forgets what it remembers beside the row; to be called whenever a step did not simply succeed,
   * as another owner may have gone on since.
   */
  void forget();
}
