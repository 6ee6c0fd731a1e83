package dev.kintsugi.projections.fold;

import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.RowSet;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The table of a fold: states of many keys in one statement, in the caller's transaction. */
final class States<S> {

  /** So many states are serialized before they are sent. */
  static final int ROWS_AT_A_TIME = 10_000;

  private final Fold<?, S> fold;
  private final int version;
  private final StateKeeper<S> keeper;
  private final RowSet keys;
  private final RowSet rows;
  private final String read;
  private final String lock;
  private final String insertNew;
  private final String upsert;

  States(@Nullable String place, Fold<?, S> fold, int version, StateKeeper<S> keeper) {
    this.fold = fold;
    this.version = version;
    this.keeper = keeper;
    List<Column> columns = new ArrayList<>(List.of(Fold.KEY, Fold.SCHEMA_VERSION, Fold.STATE));
    fold.stateColumns().forEach(added -> columns.add(added.column()));
    keys = new RowSet(place, fold.table(), List.of(Fold.KEY));
    rows = new RowSet(place, fold.table(), columns);

    String found =
        "SELECT found.* FROM %s CROSS JOIN LATERAL (SELECT t.key, t.schema_version, t.state FROM %s AS t WHERE %s%%s) AS found"
            .formatted(keys.asTable(), keys.table(), keys.isSame("t"));
    read = found.formatted("");
    lock = found.formatted(" FOR UPDATE");
    String insert =
        "INSERT INTO %s AS t (%s) SELECT %s FROM %s ON CONFLICT (key) DO "
            .formatted(rows.table(), rows.columns(), rows.columns(), rows.asTable());
    insertNew = insert + "NOTHING RETURNING t.key";
    upsert =
        insert
            + "UPDATE SET "
            + String.join(
                ", ",
                columns.stream()
                    .skip(1)
                    .map(column -> "%1$s = excluded.%1$s".formatted(column.quoted()))
                    .toList());
  }

  /** A key and its state. */
  record KeyState<S>(String key, Kept<S> state) {}

  /** The states of those keys that have one. */
  Map<String, Kept<S>> read(Connection connection, Collection<String> ofKeys) throws SQLException {
    return query(connection, read, ofKeys);
  }

  /** The same, locked in the order of the keys; waits for whoever holds one. */
  Map<String, Kept<S>> lock(Connection connection, Collection<String> ofKeys) throws SQLException {
    return query(connection, lock, ofKeys);
  }

  private Map<String, Kept<S>> query(Connection connection, String sql, Collection<String> ofKeys)
      throws SQLException {
    Map<String, Kept<S>> states = new HashMap<>();
    keys.query(
        connection,
        sql,
        asRows(ofKeys),
        row -> {
          String key = row.getString(1);
          int found = row.getInt(2);
          if (found != version) {
            throw StateSchemaException.ofOtherVersion(fold.table(), key, found, version);
          }
          states.put(key, keeper.stored(key, row.getString(3)));
        });
    return states;
  }

  /**
   * Inserts states of keys that had none.
   *
   * @return the keys that another transaction has given a state meanwhile; nothing was written for
   *     them
   */
  Set<String> insertNew(Connection connection, List<KeyState<S>> states)
      throws SQLException, IOException {
    Set<String> taken = new HashSet<>();
    for (KeyState<S> state : states) {
      taken.add(state.key());
    }
    rows.query(connection, insertNew, asValues(states), row -> taken.remove(row.getString(1)));
    return taken;
  }

  /**
   * Writes states over those that are there.
   *
   * @throws UnstorableKeyException if the table does not take them all
   */
  void upsert(Connection connection, List<KeyState<S>> states) throws SQLException, IOException {
    long written = rows.insert(connection, upsert, asValues(states));
    requireAll(states.stream().map(KeyState::key).toList(), written);
  }

  /**
   * Deletes states that are there.
   *
   * @throws UnstorableKeyException if the table keeps one
   */
  void delete(Connection connection, List<String> ofKeys) throws SQLException {
    requireAll(ofKeys, keys.delete(connection, asRows(ofKeys)));
  }

  private void requireAll(List<String> ofKeys, long written) {
    if (written != ofKeys.size()) {
      throw UnstorableKeyException.notWritten(fold.table(), ofKeys, ofKeys.size(), written);
    }
  }

  /** Copies states into the empty table. */
  void copy(Connection connection, Iterable<KeyState<S>> states) throws SQLException, IOException {
    rows.copy(connection, states, this::values);
  }

  private List<@Nullable String[]> asValues(List<KeyState<S>> states) throws IOException {
    List<@Nullable String[]> values = new ArrayList<>(states.size());
    for (KeyState<S> state : states) {
      values.add(values(state));
    }
    return values;
  }

  private static List<@Nullable String[]> asRows(Collection<String> ofKeys) {
    List<@Nullable String[]> values = new ArrayList<>(ofKeys.size());
    for (String key : ofKeys) {
      values.add(new @Nullable String[] {key});
    }
    return values;
  }

  private @Nullable String[] values(KeyState<S> row) throws IOException {
    @Nullable String[] columns = keeper.columns(row.key(), row.state());
    @Nullable String[] values = new @Nullable String[3 + columns.length];
    values[0] = row.key();
    values[1] = Integer.toString(version);
    values[2] = keeper.json(row.state());
    System.arraycopy(columns, 0, values, 3, columns.length);
    return values;
  }
}
