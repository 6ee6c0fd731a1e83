package dev.kintsugi.projections;

import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which events a projection subscribes to: those for which all that is given holds. Stream and tags
 * can be told without the event itself, so an event that they rule out need not be deserialized.
 *
 * @param <E> the class of the events
 * @param eventClass the event is an instance of it
 * @param entityTypes its stream is of one of these entity types; none means any
 * @param tags it has one of these tags at least; none means any, or no tag at all
 */
public record Subscription<E>(Class<E> eventClass, Set<String> entityTypes, Set<String> tags) {

  /** What ends the entity type in a persistence id, as Pekko's typed PersistenceId has it. */
  private static final char SEPARATOR = '|';

  /**
   * Checks the names.
   *
   * @throws IllegalArgumentException if an entity type is blank or contains the separator '|', or a
   *     tag is blank
   */
  public Subscription {
    entityTypes = Set.copyOf(entityTypes);
    tags = Set.copyOf(tags);
    for (String entityType : entityTypes) {
      if (entityType.isBlank() || entityType.indexOf(SEPARATOR) >= 0) {
        throw new IllegalArgumentException(
            "'%s' is no entity type: it is what precedes the '%c' of a persistence id, and is not blank"
                .formatted(entityType, SEPARATOR));
      }
    }
    for (String tag : tags) {
      if (tag.isBlank()) {
        throw new IllegalArgumentException("'" + tag + "' is no tag: it is blank");
      }
    }
  }

  /** Whether the tags of an event must be known to say whether it is subscribed to. */
  public boolean isByTag() {
    return !tags.isEmpty();
  }

  /** Whether events of a stream may be subscribed to. */
  public boolean includesStream(String persistenceId) {
    int end = persistenceId.indexOf(SEPARATOR);
    return entityTypes.isEmpty()
        || (end >= 0 && entityTypes.contains(persistenceId.substring(0, end)));
  }

  /** Whether an event of a stream and with some tags may be subscribed to, if its class says so. */
  public boolean includes(String persistenceId, Collection<String> tagsOfEvent) {
    return includesStream(persistenceId)
        && (tags.isEmpty() || tagsOfEvent.stream().anyMatch(tags::contains));
  }

  /** Whether an event is an instance of the class. */
  public boolean includes(Object event) {
    return eventClass.isInstance(event);
  }

  @Override
  public String toString() {
    return eventClass.getName()
        + (entityTypes.isEmpty() ? "" : " of entity types " + new TreeSet<>(entityTypes))
        + (tags.isEmpty() ? "" : " with a tag of " + new TreeSet<>(tags));
  }
}
