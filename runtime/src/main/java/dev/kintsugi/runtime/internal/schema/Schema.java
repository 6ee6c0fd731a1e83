package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.runtime.internal.event.JournalTables;
import dev.kintsugi.runtime.internal.event.TagLayout;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.ServerVersion;
import dev.kintsugi.runtime.persistence.SchemaException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The journal's and Kintsugi's own tables. The scripts are those of {@code config/ddl/postgresql},
 * packed into the jar; what must be there is read from them, so there is one source of that.
 */
public final class Schema {

  private static final SchemaScript JOURNAL = SchemaScript.read("journal.sql");
  private static final SchemaScript KINTSUGI = SchemaScript.read("kintsugi.sql");

  /** The journal under these names can be made; under others, it is an operator's. */
  private static final Set<String> STANDARD_JOURNAL = Set.of("\"event_journal\"", "\"event_tag\"");

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Database database;
  private final JournalTables journal;
  private final Installation installation;
  private final SchemaScript functions;

  /**
   * The schema of a database.
   *
   * @param journal the journal's tables, as the application's configuration names them
   */
  public Schema(Database database, JournalTables journal) {
    this(database, journal, PATIENCE);
  }

  /** One that waits for others' locks for so long. */
  Schema(Database database, JournalTables journal, Duration patience) {
    this.database = database;
    this.journal = journal;
    this.installation = new Installation(database, patience);
    this.functions = SchemaScript.readFor(journal, "functions.sql");
  }

  /**
   * Makes sure that all is there, and is laid out as it must be. It only looks, and nobody waits
   * for that; what is missing it makes under short locks (see {@link Installation}). Two nodes may
   * start at once.
   *
   * @param create whether to make what is missing, or only to name it
   * @return how the database has the journal's tags
   * @throws SchemaException if something is missing, with what to do; if others' locks were in the
   *     way of making it, with whose; or if one of the journal's tables is of an unknown layout,
   *     with what was found and what is expected
   */
  public TagLayout ensure(boolean create) throws Exception {
    if (create) {
      install();
    }
    List<String> missing = new ArrayList<>(database.inTransaction(this::missingOfJournal));
    for (SchemaScript.Step step : installation.missing(KINTSUGI.steps())) {
      if (step.required() && (step.makesRelation() || !missing.contains(step.table()))) {
        missing.add(step.name());
      }
    }
    refuse(missing);
    TagLayout layout =
        database.inTransaction(connection -> JournalLayout.read(connection, journal));
    if (create) {
      install(functions);
    }
    refuse(installation.missing(functions.steps()).stream().map(SchemaScript.Step::name).toList());
    return layout;
  }

  private static void refuse(List<String> missing) {
    if (!missing.isEmpty()) {
      throw new SchemaException(
          "The database lacks "
              + String.join(", ", missing)
              + ". Run "
              + "config/ddl/postgresql/journal.sql, kintsugi.sql and functions.sql, or set kintsugi.schema.create = on."
              + " (It makes no journal of other names than Pekko Persistence JDBC's own.)");
    }
  }

  private void install() throws Exception {
    boolean lacksJournal = !database.inTransaction(this::missingOfJournal).isEmpty();
    if (lacksJournal && STANDARD_JOURNAL.containsAll(journalTables())) {
      install(JOURNAL);
    }
    install(KINTSUGI);
  }

  private void install(SchemaScript script) throws Exception {
    for (SchemaScript.Step step : installation.missing(script.steps())) {
      installation.run(step);
    }
  }

  private List<String> missingOfJournal(Connection connection) throws SQLException {
    refuseOldServer(connection);
    List<String> missing = new ArrayList<>();
    try (PreparedStatement exists =
        connection.prepareStatement("SELECT to_regclass(?) IS NOT NULL")) {
      for (String name : journalTables()) {
        exists.setString(1, name);
        try (ResultSet row = exists.executeQuery()) {
          row.next();
          if (!row.getBoolean(1)) {
            missing.add(name);
          }
        }
      }
    }
    return missing;
  }

  private List<String> journalTables() {
    return List.of(journal.table(), journal.tags().table());
  }

  private static void refuseOldServer(Connection connection) throws SQLException {
    if (!ServerVersion.of(connection).isSupported()) {
      throw new SchemaException(
          "PostgreSQL 13 or newer is needed (for pg_current_xact_id), this is "
              + connection.getMetaData().getDatabaseProductVersion());
    }
  }

  /** The names of the journal's tables and of Kintsugi's own, which are no projection's. */
  static List<String> ownNames() {
    List<String> names = new ArrayList<>(JOURNAL.relations());
    names.addAll(KINTSUGI.relations());
    return names;
  }
}
