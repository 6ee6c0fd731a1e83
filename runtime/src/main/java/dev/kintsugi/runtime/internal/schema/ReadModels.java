package dev.kintsugi.runtime.internal.schema;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.IndexBound;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.runtime.internal.jdbc.SearchPath;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import dev.kintsugi.runtime.persistence.SchemaException;
import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables of a projection, from its script: finds them, makes them, empties them. Every method
 * works in the caller's transaction.
 */
public final class ReadModels {

  private static final Logger log = LoggerFactory.getLogger(ReadModels.class);

  private ReadModels() {}

  /**
   * Finds out what a projection's script makes, and how that has to be written. The caller gives a
   * transaction in which nothing was done yet, and must roll it back.
   *
   * @throws SchemaException if the script fails, makes no table by an unqualified name, or one by a
   *     qualified name, or one that is the journal's or Kintsugi's own, or inserts rows; or if its
   *     tables do not fit what the projection declares
   */
  public static ReadModel probe(Connection connection, Projection<?> projection)
      throws SQLException {
    return ScriptProbe.of(connection, projection);
  }

  /**
   * Keeps other nodes from making tables until the transaction has ended. To be taken before the
   * transaction looks for any: what a session has looked up in vain it does not see made by others.
   */
  public static void lock(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_advisory_xact_lock(hashtext('kintsugi.schema'))");
    }
  }

  /**
   * Makes a projection's tables where they are missing, and notes whose they are. Those of a raised
   * version are made by its rebuild ({@link #reset}), those of a lower one by nobody. The caller
   * holds the {@link #lock}.
   *
   * @param serving the generation that readers see; empty if the projection is new
   * @return the read model, written as the tables that are there need it, which may have
   *     constraints that were added by hand
   * @throws SchemaException if the script fails, or one of its tables is another projection's, or
   *     holds rows that are not this projection's, or is not as the script of the same version has
   *     it
   */
  public static ReadModel create(
      Connection connection, ReadModel readModel, Optional<Generation> serving)
      throws SQLException {
    Projection<?> projection = readModel.projection();
    Optional<Integer> built = serving.map(Generation::version);
    int replaced = built.orElse(projection.version());
    if (replaced > projection.version()) {
      return readModel;
    }
    TableOwners.refuseOthers(connection, readModel);
    refuseRowsOfOthers(connection, readModel, built.isPresent());
    TableOwners.note(connection, readModel, replaced);
    if (TableOwners.areOfAnotherVersion(connection, projection)) {
      return written(readModel, readModel.made());
    }
    if (built.isEmpty() && !allExist(connection, readModel.tables())) {
      run(connection, projection);
    }
    String path = SearchPath.of(connection);
    SearchPath.beginWith(connection, serving.map(Generation::place).orElse(null));
    ReadModel found = asItIs(connection, readModel, built.isPresent());
    SearchPath.set(connection, null, path);
    return found;
  }

  /**
   * Refuses a read model that a build could not empty, or make anew. Of one whose version was
   * raised nothing has been changed so far.
   *
   * @throws SchemaException with what is in the way, and what to do
   */
  public static void refuseObstacle(Connection connection, ReadModel readModel)
      throws SQLException {
    Projection<?> projection = readModel.projection();
    Optional<String> obstacle = ReadModelReset.obstacle(connection, readModel);
    if (obstacle.isPresent()) {
      throw new SchemaException(
          "version %d of projection '%s' can't be built: %s"
              .formatted(projection.version(), projection.name(), obstacle.get()));
    }
  }

  /**
   * Why a rebuild of a projection by a version could not empty its tables, or make them anew; empty
   * if it can, as far as the catalog tells. To be asked before anything is changed. Of a build that
   * has the projection, {@link #obstacle(Connection, ReadModel)} knows more.
   */
  public static Optional<String> obstacle(Connection connection, String projection, int version)
      throws SQLException {
    return ReadModelReset.obstacle(connection, projection, version, List.of());
  }

  /** The same of a read model at hand, whose script may not be able to run again. */
  public static Optional<String> obstacle(Connection connection, ReadModel readModel)
      throws SQLException {
    return ReadModelReset.obstacle(connection, readModel);
  }

  /** Looks at the tables that are there: somebody may have changed them, or the script. */
  private static ReadModel asItIs(Connection connection, ReadModel readModel, boolean isBuilt)
      throws SQLException {
    List<MadeTable> found = MadeTable.read(connection, readModel.tables());
    ChangedScript.refuse(readModel, found, isBuilt);
    new MadeAsDeclared(readModel.projection(), found).refuseUnfit();
    return written(readModel, found);
  }

  private static ReadModel written(ReadModel readModel, List<MadeTable> tables) {
    Projection<?> projection = readModel.projection();
    MadeAsDeclared.Judgement judgement = new MadeAsDeclared(projection, tables).judge();
    if (!judgement.reasons().isEmpty()) {
      log.info(
          "Projection '{}' is written in the order of its events, by one transaction at a time, and"
              + " not as sets: what the database makes of a row could depend on how events are"
              + " grouped, as {}",
          projection.name(),
          String.join("; ", judgement.reasons()));
    }
    return readModel.written(
        SharedSecrets.written(
            projection, judgement.writing().within(bounds(readModel, judgement))));
  }

  /**
   * A rebuild under way has dropped the declared indexes, and will build them on the rows of
   * today's events: so what the script makes counts, too.
   */
  private static List<IndexBound> bounds(ReadModel readModel, MadeAsDeclared.Judgement found) {
    Set<IndexBound> bounds = new LinkedHashSet<>(found.writing().bounds());
    bounds.addAll(
        new MadeAsDeclared(readModel.projection(), readModel.made()).judge().writing().bounds());
    return List.copyOf(bounds);
  }

  /**
   * A build empties its tables, or drops them. Where no table of a projection is noted that the
   * database knows, it is from before tables were noted, and they are its own.
   */
  private static void refuseRowsOfOthers(
      Connection connection, ReadModel readModel, boolean isKnown) throws SQLException {
    String name = readModel.projection().name();
    if (isKnown && !TableOwners.knows(connection, name)) {
      return;
    }
    for (String table : readModel.tables()) {
      if (!TableOwners.isNoted(connection, name, table) && hasRows(connection, table)) {
        throw new SchemaException(
            "projection '%s' would be built into %s, which is none of its tables so far and holds rows already. If these are of no use any more, empty the table; if they are another's, give the projection's table another name."
                .formatted(name, table));
      }
    }
  }

  private static boolean hasRows(Connection connection, String table) throws SQLException {
    if (!allExist(connection, List.of(table))) {
      return false;
    }
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT EXISTS (SELECT 1 FROM " + table + ")")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private static boolean allExist(Connection connection, List<String> tables) throws SQLException {
    try (PreparedStatement exist =
        connection.prepareStatement(
            "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(?::text[]) AS name")) {
      exist.setArray(1, connection.createArrayOf("text", tables.toArray()));
      try (ResultSet row = exist.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  static void run(Connection connection, Projection<?> projection) throws SQLException {
    runScript(connection, projection);
    createIndexes(connection, projection);
  }

  /** Runs a projection's script, without what is built after a bulk load. */
  static void runScript(Connection connection, Projection<?> projection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(projection.tables().ddl());
    } catch (SQLException e) {
      throw new SchemaException(
          "the table script %s of projection '%s' fails: %s"
              .formatted(projection.tables().source(), projection.name(), e.getMessage()),
          e);
    }
  }

  /**
   * Empties a read model for a rebuild, in its place if it has one; one that another version's
   * script made is made anew, with the script of this one. To the end of the transaction the
   * session finds its tables. Waits for its readers, for no longer than the session's lock timeout,
   * and for nodes that start.
   *
   * @throws SchemaException if tables can't be dropped as something depends on them, or the script
   *     fails
   */
  public static void reset(Connection connection, ReadModel readModel, @Nullable String place)
      throws SQLException {
    lock(connection);
    Projection<?> projection = readModel.projection();
    if (place != null && TableOwners.areOfAnotherVersion(connection, projection)) {
      Places.makeAgain(connection, readModel, place);
      noteServing(connection, readModel);
      return;
    }
    SearchPath.beginWith(connection, place);
    if (!TableOwners.areOfAnotherVersion(connection, projection)) {
      truncate(connection, readModel.tables());
      return;
    }
    TableOwners.refuseOthers(connection, readModel);
    List<String> byHand = MadeByHand.on(connection, projection.name());
    drop(connection, readModel);
    run(connection, projection);
    TableOwners.forget(connection, projection.name());
    TableOwners.note(connection, readModel, projection.version());
    MadeByHand.again(connection, projection, byHand);
  }

  private static void truncate(Connection connection, List<String> tables) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("TRUNCATE " + String.join(", ", tables) + " RESTART IDENTITY");
    }
  }

  /** Drops the indexes that are built after the bulk load of a rebuild. */
  public static void dropIndexes(Connection connection, Projection<?> projection)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (TableScript.Index index : SharedSecrets.definitionOf(projection).script().indexes()) {
        statement.execute("DROP INDEX IF EXISTS " + index.name());
      }
    }
  }

  /** Builds them. Until the transaction has ended, nobody can write to their tables. */
  public static void createIndexes(Connection connection, Projection<?> projection)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      createIndexes(statement, projection);
    }
  }

  private static void createIndexes(Statement statement, Projection<?> projection)
      throws SQLException {
    for (TableScript.Index index : SharedSecrets.definitionOf(projection).script().indexes()) {
      statement.execute(index.ddl());
    }
  }

  /** The names of a projection's tables, quoted where they need it. */
  public static List<String> tablesOf(Connection connection, String projection)
      throws SQLException {
    return TableOwners.tables(connection, projection);
  }

  /** Notes that a read model is what readers see; the caller holds the {@link #lock}. */
  public static void noteServing(Connection connection, ReadModel readModel) throws SQLException {
    TableOwners.refuseOthers(connection, readModel);
    TableOwners.forget(connection, readModel.projection().name());
    TableOwners.note(connection, readModel, readModel.projection().version());
  }

  /** Notes that a projection has another name; its tables stay as they are. */
  public static void rename(Connection connection, String from, String to) throws SQLException {
    lock(connection);
    TableOwners.rename(connection, from, to);
  }

  /**
   * Takes a retired projection's tables from it, in their place if they have one: they are dropped,
   * or left for whoever wants them. Waits for their readers, for no longer than the session's lock
   * timeout, and for nodes that start.
   *
   * @throws SchemaException if something depends on a table that is to be dropped
   */
  public static void retire(
      Connection connection, String projection, @Nullable String place, boolean drops)
      throws SQLException {
    lock(connection);
    if (place != null) {
      if (drops) {
        Places.dropViews(connection, place);
        Places.drop(connection, place);
      }
      TableOwners.forget(connection, projection);
      return;
    }
    String tables = TableOwners.there(connection, projection);
    if (drops && !tables.isEmpty()) {
      try (Statement statement = connection.createStatement()) {
        dropViews(connection, ReadModelReset.viewsThere(connection, projection, List.of()));
        statement.execute("DROP TABLE " + tables);
      } catch (SQLException e) {
        if (SqlStates.of(e).filter(SqlStates.DEPENDENT_OBJECTS::equals).isEmpty()) {
          throw e;
        }
        throw new SchemaException(
            "the tables of retired projection '%s' (%s) can't be dropped, as something depends on them. Drop that first; the retirement tries again by itself. The database says: %s"
                .formatted(projection, tables, e.getMessage()),
            e);
      }
    }
    TableOwners.forget(connection, projection);
  }

  /** Views of the script's own, those first that need others. */
  static void dropViews(Connection connection, List<String> views) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String view : views) {
        statement.execute("DROP %s %s".formatted(kindOf(connection, view), view));
      }
    }
  }

  private static String kindOf(Connection connection, String view) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT relkind = 'm' FROM pg_class WHERE oid = to_regclass(?)")) {
      select.setString(1, view);
      try (ResultSet row = select.executeQuery()) {
        return row.next() && row.getBoolean(1) ? "MATERIALIZED VIEW" : "VIEW";
      }
    }
  }

  /** No CASCADE: what depends on a table is not the runtime's to drop. */
  private static void drop(Connection connection, ReadModel readModel) throws SQLException {
    Projection<?> projection = readModel.projection();
    String tables = TableOwners.there(connection, projection.name());
    if (tables.isEmpty()) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      dropViews(
          connection, ReadModelReset.viewsThere(connection, projection.name(), readModel.views()));
      statement.execute("DROP TABLE " + tables);
    } catch (SQLException e) {
      if (SqlStates.of(e).filter(SqlStates.DEPENDENT_OBJECTS::equals).isEmpty()) {
        throw e;
      }
      throw new SchemaException(
          "version %d of projection '%s' makes its tables anew, and the older ones (%s) can't be dropped, as something depends on them. Drop that first, and make it again once the rebuild has begun to replay; the rebuild tries again by itself. The database says: %s"
              .formatted(projection.version(), projection.name(), tables, e.getMessage()),
          e);
    }
  }
}
