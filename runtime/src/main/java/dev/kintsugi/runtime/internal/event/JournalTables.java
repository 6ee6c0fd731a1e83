package dev.kintsugi.runtime.internal.event;

import com.typesafe.config.Config;
import dev.kintsugi.runtime.internal.jdbc.Identifiers;
import org.apache.pekko.persistence.jdbc.config.EventJournalTableColumnNames;
import org.apache.pekko.persistence.jdbc.config.EventJournalTableConfiguration;
import org.apache.pekko.persistence.jdbc.config.EventTagTableConfiguration;

/**
 * The names of the journal's two tables and of their columns, quoted for SQL, as the section {@code
 * jdbc-journal} of Pekko Persistence JDBC gives them. Whether the database has them is not its
 * business.
 *
 * @param table the events
 */
public record JournalTables(
    String table,
    String ordering,
    String deleted,
    String persistenceId,
    String sequenceNumber,
    String writer,
    String writeTimestamp,
    String adapterManifest,
    String eventSerId,
    String eventSerManifest,
    String eventPayload,
    String metaSerId,
    String metaSerManifest,
    String metaPayload,
    Tags tags) {

  private static final String SECTION = "jdbc-journal";
  private static final String TAG_COLUMNS = "tables.event_tag.columnNames.";

  /**
   * The names in the tag table. No table need have all of these columns: see {@link TagLayout}.
   *
   * @param table the tags
   */
  public record Tags(
      String table, String eventId, String persistenceId, String sequenceNumber, String tag) {}

  /**
   * The names that a configuration gives.
   *
   * @param jdbcJournal the section {@code jdbc-journal}
   * @throws IllegalArgumentException if a name in it is none of PostgreSQL's
   */
  public static JournalTables of(Config jdbcJournal) {
    EventJournalTableConfiguration events = new EventJournalTableConfiguration(jdbcJournal);
    EventJournalTableColumnNames names = events.columnNames();
    return new JournalTables(
        qualified(events.schemaName().getOrElse(() -> ""), events.tableName()),
        quoted(names.ordering()),
        quoted(names.deleted()),
        quoted(names.persistenceId()),
        quoted(names.sequenceNumber()),
        quoted(names.writer()),
        quoted(names.writeTimestamp()),
        quoted(names.adapterManifest()),
        quoted(names.eventSerId()),
        quoted(names.eventSerManifest()),
        quoted(names.eventPayload()),
        quoted(names.metaSerId()),
        quoted(names.metaSerManifest()),
        quoted(names.metaPayload()),
        tags(jdbcJournal));
  }

  /** The events, in the order in which they are read. */
  public NumberedTable orderings() {
    return new NumberedTable(table, ordering, "the journal", "ordering", "event");
  }

  private static Tags tags(Config jdbcJournal) {
    EventTagTableConfiguration tags = new EventTagTableConfiguration(jdbcJournal);
    return new Tags(
        qualified(tags.schemaName().getOrElse(() -> ""), tags.tableName()),
        quoted(tags.columnNames().eventId()),
        quoted(newer(jdbcJournal, "persistenceId", "persistence_id")),
        quoted(newer(jdbcJournal, "sequenceNumber", "sequence_number")),
        quoted(tags.columnNames().tag()));
  }

  /** A name that Pekko Persistence JDBC 1.1 knows nothing of: its defaults lack it. */
  private static String newer(Config jdbcJournal, String key, String otherwise) {
    String path = TAG_COLUMNS + key;
    return jdbcJournal.hasPath(path) ? jdbcJournal.getString(path) : otherwise;
  }

  private static String qualified(String schema, String name) {
    return Identifiers.qualified(schema, name, SECTION);
  }

  private static String quoted(String identifier) {
    return Identifiers.quoted(identifier, SECTION);
  }
}
