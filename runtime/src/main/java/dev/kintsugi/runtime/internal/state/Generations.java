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

/**
 * The rows of {@code kintsugi_projection}. Every change is a compare-and-set, in the caller's
 * transaction.
 */
public final class Generations {

  private static final String FIND =
      """
      SELECT projection, generation, status, paused, version, returns_to FROM kintsugi_projection
      WHERE projection = ? ORDER BY generation DESC LIMIT 1
      """;

  private static final String FIND_ONE =
      """
      SELECT projection, generation, status, paused, version, returns_to FROM kintsugi_projection
      WHERE projection = ? AND generation = ?
      """;

  private static final String ALL =
      """
      SELECT DISTINCT ON (projection) projection, generation, status, paused, version,
        returns_to
      FROM kintsugi_projection ORDER BY projection, generation DESC
      """;

  private static final String TAKE_ID = "SELECT pg_current_xact_id(); ";

  private static final String EACH_WITH_AN_ID =
      TAKE_ID
          + "SELECT projection, generation, status, paused, version, returns_to FROM kintsugi_projection";

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
      UPDATE kintsugi_projection SET generation = generation + 1, status = ?, version = ?,
        returns_to = CASE WHEN status = 'active' AND ? = 'rebuilding' AND version <> ? THEN version END
      WHERE projection = ? AND generation = ? AND status = ?
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
      INSERT INTO kintsugi_projection (projection, generation, status, paused, version)
      SELECT ?, COALESCE((SELECT max(generation) FROM kintsugi_rebuild WHERE projection = ?), 0) + 1,
        ?, ?, ?
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

  private Generations() {}

  /** The newest generation of a projection, if it is known. */
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

  /** The newest generation of each projection, by name. */
  public static List<Generation> all(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(ALL);
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

  /** The newest generation, for a transaction that is going to act on what its row says. */
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
                row.getObject(6, Integer.class)))
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
   * Turns the row into the next generation (DESIGN 6, step 1).
   *
   * @param status rebuilding, so that writers record for it; or following, so that they do nothing
   * @return whether the row was still as {@code seen}
   */
  public static boolean beginNext(
      Connection connection, Generation seen, int version, Status status) throws SQLException {
    try (PreparedStatement begin = connection.prepareStatement(BEGIN_NEXT)) {
      begin.setString(1, status.inTable());
      begin.setInt(2, version);
      begin.setString(3, status.inTable());
      begin.setInt(4, version);
      begin.setString(5, seen.projection());
      begin.setInt(6, seen.generation());
      begin.setString(7, seen.status().inTable());
      return begin.executeUpdate() == 1;
    }
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
      insert.setString(6, to);
      insert.setString(7, to);
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
   * Sets or clears the paused flag.
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
