package dev.kintsugi.runtime.internal.state;

import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The rows of {@code kintsugi_projection}. Every change is a compare-and-set, in the caller's
 * transaction.
 */
public final class Generations {

  private static final String SELECT =
      """
      SELECT projection, generation, status, paused, version, returns_to, serving, place
      FROM kintsugi_projection
      """;

  private static final String FIND = SELECT + "WHERE projection = ? AND serving";

  private static final String FIND_ONE = SELECT + "WHERE projection = ? AND generation = ?";

  private static final String OF_ONE = SELECT + "WHERE projection = ? ORDER BY generation";

  private static final String ALL = SELECT + "WHERE serving ORDER BY projection";

  private static final String EACH = SELECT + "ORDER BY projection, generation";

  private static final String TAKE_ID = "SELECT pg_current_xact_id(); ";

  private static final String EACH_WITH_AN_ID = TAKE_ID + SELECT;

  private static final String REGISTER =
      """
      INSERT INTO kintsugi_projection (projection, generation, status, version)
      SELECT ?, COALESCE((SELECT max(generation) FROM kintsugi_rebuild WHERE projection = ?), 0) + 1,
        ?, ?
      WHERE NOT EXISTS (SELECT 1 FROM kintsugi_projection WHERE projection = ?)
        AND NOT EXISTS (
          SELECT 1 FROM kintsugi_retirement WHERE projection = ? AND ended_at IS NULL)
      ON CONFLICT DO NOTHING
      """;

  private static final String BEGIN_NEXT =
      """
      UPDATE kintsugi_projection p SET generation = (
          SELECT max(r.generation) FROM kintsugi_rebuild r WHERE r.projection = p.projection) + 1,
        status = ?, version = ?,
        returns_to = CASE WHEN status = 'active' AND ? = 'rebuilding' AND version <> ? THEN version END
      WHERE projection = ? AND generation = ? AND status = ? AND serving
      RETURNING generation
      """;

  private static final String BEGIN_BESIDE =
      """
      INSERT INTO kintsugi_projection (projection, generation, status, paused, version, serving, place)
      SELECT projection, ?, 'following', paused, ?, FALSE, ? FROM kintsugi_projection p
      WHERE projection = ? AND generation = ? AND serving
        AND NOT EXISTS (SELECT FROM kintsugi_rebuild r WHERE r.projection = p.projection AND r.generation >= ?)
      ON CONFLICT DO NOTHING
      """;

  private static final String RECORD =
      """
      UPDATE kintsugi_projection SET status = 'rebuilding'
      WHERE projection = ? AND generation = ? AND status = 'following'
      """;

  private static final String SET_PLACE =
      """
      UPDATE kintsugi_projection SET place = ?
      WHERE projection = ? AND generation = ? AND serving AND place IS NULL
      """;

  private static final String SERVE_NO_MORE =
      "UPDATE kintsugi_projection SET serving = FALSE WHERE projection = ? AND generation = ? AND serving";

  private static final String SERVE =
      """
      UPDATE kintsugi_projection SET serving = TRUE
      WHERE projection = ? AND generation = ? AND NOT serving AND status = 'active'
      """;

  private static final String RETURN =
      """
      UPDATE kintsugi_projection SET version = ?, returns_to = NULL
      WHERE projection = ? AND generation = ? AND status <> 'active'
      """;

  private static final String RETURN_NO_MORE =
      """
      UPDATE kintsugi_projection SET returns_to = NULL
      WHERE projection = ? AND generation = ? AND returns_to IS NOT NULL
      """;

  private static final String ACTIVATE =
      """
      UPDATE kintsugi_projection SET status = 'active'
      WHERE projection = ? AND generation = ? AND status = 'rebuilding'
      """;

  private static final String FOLLOW =
      """
      UPDATE kintsugi_projection SET status = 'following'
      WHERE projection = ? AND generation = ? AND status = 'rebuilding'
      """;

  private static final String RENAME =
      """
      INSERT INTO kintsugi_projection (projection, generation, status, paused, version, place)
      SELECT ?, COALESCE((SELECT max(generation) FROM kintsugi_rebuild WHERE projection = ?), 0) + 1,
        ?, ?, ?, ?
      WHERE NOT EXISTS (SELECT 1 FROM kintsugi_projection WHERE projection = ?)
        AND NOT EXISTS (
          SELECT 1 FROM kintsugi_retirement WHERE projection = ? AND ended_at IS NULL)
      ON CONFLICT DO NOTHING
      RETURNING generation
      """;

  private static final String REMOVE =
      "DELETE FROM kintsugi_projection WHERE projection = ? AND generation = ?";

  private static final String PAUSE =
      "UPDATE kintsugi_projection SET paused = ? WHERE projection = ? AND paused <> ?";

  private static final String PAUSE_ONE = PAUSE + " AND generation = ?";

  private Generations() {}

  /** The generation of a projection that serves, if the projection is known. */
  public static Optional<Generation> find(Connection connection, String projection)
      throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(FIND)) {
      find.setString(1, projection);
      return read(find.executeQuery());
    }
  }

  /** A generation, if it is not retired. */
  public static Optional<Generation> find(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(FIND_ONE)) {
      find.setString(1, projection);
      find.setInt(2, generation);
      return read(find.executeQuery());
    }
  }

  /** All generations of a projection, the newest last. */
  public static List<Generation> of(Connection connection, String projection) throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(OF_ONE)) {
      find.setString(1, projection);
      return readAll(find.executeQuery());
    }
  }

  /** The generation of each projection that serves, by name. */
  public static List<Generation> all(Connection connection) throws SQLException {
    return select(connection, ALL);
  }

  /** Every generation that is not retired, by name, the newest of each projection last. */
  public static List<Generation> each(Connection connection) throws SQLException {
    return select(connection, EACH);
  }

  private static List<Generation> select(Connection connection, String sql) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql);
        ResultSet row = select.executeQuery()) {
      return readAll(row);
    }
  }

  /**
   * A generation, for a transaction that is going to touch its read model: it takes its transaction
   * id first, so that the fence after a later change of the row waits for it (DESIGN 5).
   */
  public static Optional<Generation> findToActOn(
      Connection connection, String projection, int generation) throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(TAKE_ID + FIND_ONE)) {
      find.setString(1, projection);
      find.setInt(2, generation);
      return readBehindId(find);
    }
  }

  /** The one that serves, for a transaction that is going to act on what its row says. */
  public static Optional<Generation> findToActOn(Connection connection, String projection)
      throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(TAKE_ID + FIND)) {
      find.setString(1, projection);
      return readBehindId(find);
    }
  }

  private static Optional<Generation> readBehindId(PreparedStatement find) throws SQLException {
    find.execute();
    find.getMoreResults();
    return read(find.getResultSet());
  }

  /** Every generation that is not retired, for a transaction that acts on many of them. */
  public static List<Generation> eachToActOn(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(EACH_WITH_AN_ID)) {
      select.execute();
      select.getMoreResults();
      return readAll(select.getResultSet());
    }
  }

  private static List<Generation> readAll(ResultSet row) throws SQLException {
    List<Generation> all = new ArrayList<>();
    for (Optional<Generation> next = read(row); next.isPresent(); next = read(row)) {
      all.add(next.get());
    }
    return all;
  }

  private static Optional<Generation> read(ResultSet row) throws SQLException {
    return row.next()
        ? Optional.of(
            new Generation(
                row.getString(1),
                row.getInt(2),
                Status.ofTable(row.getString(3)),
                row.getBoolean(4),
                row.getInt(5),
                row.getObject(6, Integer.class),
                row.getBoolean(7),
                row.getString(8)))
        : Optional.empty();
  }

  /**
   * Makes the first generation of a projection that has none; unless one of that name is just being
   * retired.
   *
   * @param status rebuilding, or following from the outset
   * @return whether it was made; if not, it was there
   */
  public static boolean register(
      Connection connection, String projection, int version, Status status) throws SQLException {
    try (PreparedStatement register = connection.prepareStatement(REGISTER)) {
      register.setString(1, projection);
      register.setString(2, projection);
      register.setString(3, status.inTable());
      register.setInt(4, version);
      register.setString(5, projection);
      register.setString(6, projection);
      return register.executeUpdate() == 1;
    }
  }

  /**
   * Turns the row of the one that serves into the next generation (DESIGN 6, step 1).
   *
   * @param status rebuilding, so that writers record for it; or following, so that they do nothing
   * @return that generation; empty if the row is not as {@code seen} any more
   */
  public static OptionalInt beginNext(
      Connection connection, Generation seen, int version, Status status) throws SQLException {
    try (PreparedStatement begin = connection.prepareStatement(BEGIN_NEXT)) {
      begin.setString(1, status.inTable());
      begin.setInt(2, version);
      begin.setString(3, status.inTable());
      begin.setInt(4, version);
      begin.setString(5, seen.projection());
      begin.setInt(6, seen.generation());
      begin.setString(7, seen.status().inTable());
      try (ResultSet row = begin.executeQuery()) {
        return row.next() ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
      }
    }
  }

  /**
   * Makes the next generation beside the one that serves (DESIGN 7, step 1): writers do nothing
   * about it.
   *
   * @param serving as it was seen
   * @param place the schema that is made for it
   * @return whether it was made; if not, another request came first
   */
  public static boolean beginBeside(
      Connection connection, Generation serving, int generation, int version, String place)
      throws SQLException {
    try (PreparedStatement begin = connection.prepareStatement(BEGIN_BESIDE)) {
      begin.setInt(1, generation);
      begin.setInt(2, version);
      begin.setString(3, place);
      begin.setString(4, serving.projection());
      begin.setInt(5, serving.generation());
      begin.setInt(6, generation);
      return begin.executeUpdate() == 1;
    }
  }

  /**
   * Has writers record for a generation that followed (DESIGN 7, step 3).
   *
   * @return whether the row was this generation, following
   */
  public static boolean record(Connection connection, String projection, int generation)
      throws SQLException {
    return update(connection, RECORD, projection, generation);
  }

  /**
   * Notes that the tables of the one that serves have moved to a schema of their own.
   *
   * @return whether it was this generation, and had none
   */
  public static boolean setPlace(Connection connection, Generation serving, String place)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SET_PLACE)) {
      update.setString(1, place);
      update.setString(2, serving.projection());
      update.setInt(3, serving.generation());
      return update.executeUpdate() == 1;
    }
  }

  /**
   * Has another generation serve (DESIGN 7, step 6).
   *
   * @param older the one that serves
   * @return whether that one did, and the other is active
   */
  public static boolean swap(Connection connection, Generation older, int generation)
      throws SQLException {
    return update(connection, SERVE_NO_MORE, older.projection(), older.generation())
        && update(connection, SERVE, older.projection(), generation);
  }

  /**
   * Gives a generation that is being built the version that was there before, whose read model it
   * takes over as it is.
   *
   * @return whether the row was this generation, being built
   */
  public static boolean returnTo(
      Connection connection, String projection, int generation, int version) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(RETURN)) {
      update.setInt(1, version);
      update.setString(2, projection);
      update.setInt(3, generation);
      return update.executeUpdate() == 1;
    }
  }

  /**
   * Notes that a generation can't return to the version before it: its read model is being emptied.
   */
  public static void returnNoMore(Connection connection, String projection, int generation)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(RETURN_NO_MORE)) {
      update.setString(1, projection);
      update.setInt(2, generation);
      update.executeUpdate();
    }
  }

  /**
   * Lets writers apply (DESIGN 6, step 6).
   *
   * @return whether the row was this generation, rebuilding
   */
  public static boolean activate(Connection connection, String projection, int generation)
      throws SQLException {
    return update(connection, ACTIVATE, projection, generation);
  }

  /**
   * Has writers do nothing about a generation any more: from here on it follows (DESIGN 7a).
   *
   * @return whether the row was this generation, rebuilding
   */
  public static boolean follow(Connection connection, String projection, int generation)
      throws SQLException {
    return update(connection, FOLLOW, projection, generation);
  }

  /**
   * Sets the paused flag of one generation alone, on behalf of its failure policy.
   *
   * @return whether that changed anything
   */
  public static boolean setPaused(
      Connection connection, String projection, int generation, boolean paused)
      throws SQLException {
    try (PreparedStatement pause = connection.prepareStatement(PAUSE_ONE)) {
      pause.setBoolean(1, paused);
      pause.setString(2, projection);
      pause.setBoolean(3, paused);
      pause.setInt(4, generation);
      return pause.executeUpdate() > 0;
    }
  }

  private static boolean update(
      Connection connection, String sql, String projection, int generation) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(sql)) {
      update.setString(1, projection);
      update.setInt(2, generation);
      return update.executeUpdate() == 1;
    }
  }

  /**
   * Gives a projection another name: the next generation under that one is rebuilding, in the same
   * version; or follows, if this one does.
   *
   * @return that generation; empty if the row is not as {@code seen}, or there is a projection of
   *     that name, or one is just being retired
   */
  public static Optional<Integer> rename(Connection connection, Generation seen, String to)
      throws SQLException {
    if (!remove(connection, seen)) {
      return Optional.empty();
    }
    try (PreparedStatement insert = connection.prepareStatement(RENAME)) {
      insert.setString(1, to);
      insert.setString(2, to);
      insert.setString(
          3, (seen.status() == Status.FOLLOWING ? seen.status() : Status.REBUILDING).inTable());
      insert.setBoolean(4, seen.paused());
      insert.setInt(5, seen.version());
      insert.setString(6, seen.place());
      insert.setString(7, to);
      insert.setString(8, to);
      try (ResultSet row = insert.executeQuery()) {
        return row.next() ? Optional.of(row.getInt(1)) : Optional.empty();
      }
    }
  }

  /**
   * Takes a projection's row away: writers that read after that do nothing for it.
   *
   * @return whether the row was this generation
   */
  public static boolean remove(Connection connection, Generation seen) throws SQLException {
    try (PreparedStatement remove = connection.prepareStatement(REMOVE)) {
      remove.setString(1, seen.projection());
      remove.setInt(2, seen.generation());
      return remove.executeUpdate() == 1;
    }
  }

  /**
   * Sets or clears the paused flag, of all generations of a projection.
   *
   * @return whether that changed anything
   */
  public static boolean setPaused(Connection connection, String projection, boolean paused)
      throws SQLException {
    try (PreparedStatement pause = connection.prepareStatement(PAUSE)) {
      pause.setBoolean(1, paused);
      pause.setString(2, projection);
      pause.setBoolean(3, paused);
      return pause.executeUpdate() > 0;
    }
  }
}
