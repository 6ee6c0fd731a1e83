package dev.kintsugi.runtime.schema;

import dev.kintsugi.runtime.event.JournalTables;
import dev.kintsugi.runtime.event.TagLayout;
import dev.kintsugi.runtime.jdbc.Database;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal's and Kintsugi's own tables. The scripts are those of {@code config/ddl/postgresql},
 * packed into the jar; what they create is read from them, so there is one source of what must be
 * there.
 */
public final class Schema {

  private static final Logger log = LoggerFactory.getLogger(Schema.class);

  /** The journal under these names can be made; under others, it is an operator's. */
  private static final Set<String> STANDARD_JOURNAL = Set.of("\"event_journal\"", "\"event_tag\"");

  private static final int OLDEST_POSTGRESQL = 130000;
  private static final String LOCK = "SELECT pg_advisory_xact_lock(hashtext('kintsugi.schema'))";
  private static final Pattern CREATES =
      Pattern.compile("CREATE (?:TABLE|INDEX|UNIQUE INDEX) IF NOT EXISTS (\\w+)");

  private final Database database;
  private final JournalTables journal;

  /**
   * The schema of a database.
   *
   * @param journal the journal's tables, as the application's configuration names them
   */
  public Schema(Database database, JournalTables journal) {
    this.database = database;
    this.journal = journal;
  }

  /**
   * Makes sure that all is there, and is laid out as it must be. Where nothing is missing, it only
   * looks, and takes no lock. Two nodes that start at once wait for each other.
   *
   * @param create whether to make what is missing, or only to name it
   * @return how the database has the journal's tags
   * @throws SchemaException if something is missing, with what to do, or if one of the journal's
   *     tables is of an unknown layout, with what was found and what is expected
   */
  public TagLayout ensure(boolean create) throws Exception {
    List<String> missing = database.inTransaction(this::missing);
    if (!missing.isEmpty() && create) {
      database.inTransaction(this::install);
      missing = database.inTransaction(this::missing);
    }
    if (!missing.isEmpty()) {
      throw new SchemaException(
          "The database lacks "
              + String.join(", ", missing)
              + ". Run "
              + "config/ddl/postgresql/journal.sql and kintsugi.sql, or set kintsugi.schema.create = on."
              + " (It makes no journal of other names than Pekko Persistence JDBC's own.)");
    }
    return database.inTransaction(connection -> JournalLayout.read(connection, journal));
  }

  private List<String> missing(Connection connection) throws SQLException {
    refuseOldServer(connection);
    List<String> needed = new ArrayList<>(journalTables());
    needed.addAll(created(script("kintsugi.sql")));
    List<String> missing = new ArrayList<>();
    try (PreparedStatement exists =
        connection.prepareStatement("SELECT to_regclass(?) IS NOT NULL")) {
      for (String name : needed) {
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
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT current_setting('server_version_num')::int,"
                    + " current_setting('server_version')")) {
      row.next();
      if (row.getInt(1) < OLDEST_POSTGRESQL) {
        throw new SchemaException(
            "PostgreSQL 13 or newer is needed (for pg_current_xact_id), this is "
                + row.getString(2));
      }
    }
  }

  private List<String> install(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(LOCK);
      List<String> missing = missing(connection);
      List<String> ofJournal = journalTables().stream().filter(missing::contains).toList();
      if (!ofJournal.isEmpty() && STANDARD_JOURNAL.containsAll(journalTables())) {
        statement.execute(script("journal.sql"));
      }
      missing.removeAll(ofJournal);
      if (!missing.isEmpty()) {
        statement.execute(script("kintsugi.sql"));
        log.info("Created {}", missing);
      }
      return missing;
    }
  }

  /** The names of the journal's tables and of Kintsugi's own, which are no projection's. */
  static List<String> ownNames() {
    List<String> names = new ArrayList<>(created(script("journal.sql")));
    names.addAll(created(script("kintsugi.sql")));
    return names;
  }

  private static List<String> created(String script) {
    return CREATES.matcher(script).results().map(result -> result.group(1)).toList();
  }

  private static String script(String name) {
    String resource = "/dev/kintsugi/ddl/postgresql/" + name;
    try (InputStream in = Schema.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new SchemaException("the jar lacks " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
