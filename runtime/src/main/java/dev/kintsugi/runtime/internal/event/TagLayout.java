package dev.kintsugi.runtime.internal.event;

import java.util.EnumSet;
import java.util.Set;

/**
 * How a tag row says which event it is of. Pekko Persistence JDBC 1.x has it by the event's
 * ordering, 2.x by its stream and sequence number; a database that was migrated from one to the
 * other has the columns of both. Which it is, the database's catalog says, not the configuration.
 *
 * @param filled the ways of which the table has the columns: an append fills them all
 * @param key the way that holds for every row, also for those that other versions wrote
 */
public record TagLayout(Set<Key> filled, Key key) {

  /** A way to say which event a tag is of. */
  public enum Key {
    EVENT_ID,
    STREAM
  }

  public static final TagLayout BY_EVENT_ID = new TagLayout(EnumSet.of(Key.EVENT_ID), Key.EVENT_ID);
  public static final TagLayout BY_STREAM = new TagLayout(EnumSet.of(Key.STREAM), Key.STREAM);

  public TagLayout {
    filled = Set.copyOf(filled);
    if (!filled.contains(key)) {
      throw new IllegalArgumentException("a tag table without the columns of its key " + key);
    }
  }

  /** A table with the columns of both. */
  public static TagLayout both(Key key) {
    return new TagLayout(EnumSet.allOf(Key.class), key);
  }
}
