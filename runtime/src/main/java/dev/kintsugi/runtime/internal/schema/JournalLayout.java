package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.event.OrderingSequence;
import dev.kintsugi.runtime.internal.event.TagLayout;
import dev.kintsugi.runtime.internal.schema.TableShape.Expected;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * Looks, in the catalog, at how the journal's tables are laid out. What is not known to work is
 * refused at start: it would fail at the first write, or lose something.
 */
final class JournalLayout {

  private static final String ADVICE =
      "Tables and columns are named in the configuration, in jdbc-journal.tables.%s."
          + " A journal of the legacy layout (its events in one column \"message\") has to be migrated"
          + " by Pekko Persistence JDBC's migrator first.";

  private JournalLayout() {}

  /**
   * Finds out how tags are laid out.
   *
   * @throws SchemaException if one of the tables is of an unknown layout, with what was found and
   *     what is expected; or if its orderings may not rise one by one
   */
  static TagLayout read(Connection connection, JournalTables names) throws SQLException {
    checkEvents(TableShape.read(connection, names.table()), names);
    List<String> faults = OrderingSequence.faults(connection, names.orderings());
    if (!faults.isEmpty()) {
      throw new SchemaException(
          "The table %s can't be used as a journal: %s."
              .formatted(names.table(), String.join("; ", faults)));
    }
    return tagLayout(TableShape.read(connection, names.tags().table()), names.tags());
  }

  private static void checkEvents(TableShape shape, JournalTables names) {
    List<Expected> expected =
        List.of(
            Expected.of("bigint", names.ordering()).byDefault(),
            Expected.text(names.persistenceId()),
            Expected.of("bigint", names.sequenceNumber()),
            Expected.of("boolean", names.deleted()).byDefault(),
            Expected.text(names.writer()),
            Expected.of("bigint", names.writeTimestamp()),
            Expected.text(names.adapterManifest()),
            Expected.of("integer", names.eventSerId()),
            Expected.text(names.eventSerManifest()),
            Expected.of("bytea", names.eventPayload()),
            Expected.of("integer", names.metaSerId()),
            Expected.text(names.metaSerManifest()),
            Expected.of("bytea", names.metaPayload()));
    List<String> faults = new ArrayList<>(shape.faults(expected));
    if (shape.has(names.persistenceId(), names.sequenceNumber())
        && !shape.isUnique(names.persistenceId(), names.sequenceNumber())) {
      faults.add(
          "it has no primary key or unique index on (%s, %s), without which two writers could store the same event number"
              .formatted(names.persistenceId(), names.sequenceNumber()));
    }
    if (!faults.isEmpty()) {
      throw shape.unknownLayout(
          "a journal of Pekko Persistence JDBC",
          faults,
          expected,
          ADVICE.formatted("event_journal"));
    }
  }

  private static TagLayout tagLayout(TableShape shape, JournalTables.Tags names) {
    EnumSet<TagLayout.Key> ways = EnumSet.noneOf(TagLayout.Key.class);
    if (shape.has(names.eventId())) {
      ways.add(TagLayout.Key.EVENT_ID);
    }
    if (shape.has(names.persistenceId(), names.sequenceNumber())) {
      ways.add(TagLayout.Key.STREAM);
    }
    List<Expected> expected = new ArrayList<>();
    if (ways.contains(TagLayout.Key.EVENT_ID) || ways.isEmpty()) {
      expected.add(Expected.of("bigint", names.eventId()));
    }
    if (ways.contains(TagLayout.Key.STREAM) || ways.isEmpty()) {
      expected.add(Expected.text(names.persistenceId()));
      expected.add(Expected.of("bigint", names.sequenceNumber()));
    }
    expected.add(Expected.text(names.tag()));

    List<String> faults = new ArrayList<>();
    if (ways.isEmpty()) {
      faults.add(
          "it has neither the column %s nor both of %s and %s, so a tag can't say which event it is of"
              .formatted(names.eventId(), names.persistenceId(), names.sequenceNumber()));
    } else {
      faults.addAll(shape.faults(expected));
    }
    if (ways.size() == 2
        && !shape.isNotNull(names.eventId())
        && !shape.isNotNull(names.persistenceId(), names.sequenceNumber())) {
      faults.add(
          "rows may lack %s, and may lack %s and %s: one of both must be NOT NULL, as the primary key makes it"
              .formatted(names.eventId(), names.persistenceId(), names.sequenceNumber()));
    }
    if (!faults.isEmpty()) {
      throw shape.unknownLayout(
          "Pekko Persistence JDBC's tags, by event id, by stream, or both",
          faults,
          expected,
          ADVICE.formatted("event_tag"));
    }
    if (ways.size() == 1) {
      return new TagLayout(ways, ways.iterator().next());
    }
    return TagLayout.both(
        shape.isNotNull(names.eventId()) ? TagLayout.Key.EVENT_ID : TagLayout.Key.STREAM);
  }
}
