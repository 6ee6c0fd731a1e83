package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.runtime.status.Generation;
import java.util.List;
import java.util.Map;

/**
 * What an append learned from the database: the orderings of its events, and what to do about each
 * generation.
 */
@SuppressWarnings("ArrayRecordComponent")
record ConsultedRows(long[] orderings, List<ConsultedRows.View> views) {

  /**
   * A generation, and those of the append's streams that have open records of it. Only looked up
   * for generations that are applied to.
   */
  record View(Generation generation, Map<String, OpenRecords> open) {}

  /**
   * The open records of a stream.
   *
   * @param count how many, counted up to one more than a writer helps with
   * @param held whether one of them has failed before. It is recovery that tries it again, when it
   *     is due: were writers to try, each append to the stream would fail and be run a second time,
   *     with all that is in its group.
   */
  record OpenRecords(int count, boolean held) {}
}
