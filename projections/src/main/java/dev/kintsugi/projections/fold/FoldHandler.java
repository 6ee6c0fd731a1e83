package dev.kintsugi.projections.fold;

import dev.kintsugi.projections.fold.States.KeyState;
import dev.kintsugi.projections.internal.bulk.BulkHandler;
import dev.kintsugi.projections.internal.definition.Writing;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.jspecify.annotations.Nullable;

/**
 * Folds events into states; what the runtime runs.
 *
 * <p>Inline, each transaction locks the states of its keys in the order of the keys, evolves and
 * writes them. In a replay the states stay in memory, and are written as sets.
 */
final class FoldHandler<E, S> extends BulkHandler<E> {

  private static final int BYTES_A_KEY = 176;

  /** Another transaction that gives a key its first state costs one more try. */
  private static final int MOST_TRIES = 10;

  private final Fold<E, S> fold;
  private final boolean inEventsOrder;
  private final StateKeeper<S> keeper;
  private final States<S> states;

  /** What a replay remembers. */
  private final Map<String, Remembered<S>> memory = new HashMap<>();

  /** Whether a key that is not in memory has no state. */
  private boolean remembersAll;

  private boolean isEmpty;

  /** Of all that is in memory, but for states that are kept as objects. */
  private long bytes;

  /**
   * A handler for one thread.
   *
   * @param writing where its table is, how long the values of indexed columns may be, and whether
   *     each event's states are written before the next one is evolved
   */
  FoldHandler(Fold<E, S> fold, int version, Writing writing) {
    this.fold = fold;
    this.inEventsOrder = writing.inEventsOrder();
    this.keeper = new StateKeeper<>(fold, writing.bounds());
    this.states = new States<>(writing.place(), fold, version, keeper);
  }

  /** A key's state as a replay remembers it. */
  private static final class Remembered<S> {
    private @Nullable Kept<S> state;
    private boolean isStored;
    private boolean isChanged;

    Remembered(@Nullable Kept<S> stored) {
      state = stored;
      isStored = stored != null;
    }
  }

  /** One event more. What fails it changes nothing. */
  private Optional<Kept<S>> evolve(
      String key, Optional<Kept<S>> before, EventEnvelope<E> envelope) {
    return fold.evolve(key, before.map(kept -> keeper.state(key, kept)), envelope)
        .map(state -> keeper.keep(key, state, envelope));
  }

  // Inline and in recovery.

  @Override
  public void process(JdbcSession session, List<EventEnvelope<E>> envelopes) throws Exception {
    session.withConnection(
        connection -> {
          if (inEventsOrder) {
            for (EventEnvelope<E> envelope : envelopes) {
              evolveAll(connection, List.of(envelope));
            }
          } else {
            evolveAll(connection, envelopes);
          }
          return envelopes;
        });
  }

  private void evolveAll(Connection connection, List<EventEnvelope<E>> envelopes)
      throws SQLException, IOException {
    SortedMap<String, List<EventEnvelope<E>>> byKey = new TreeMap<>();
    for (EventEnvelope<E> envelope : envelopes) {
      for (String key : fold.keysOf(envelope)) {
        byKey.computeIfAbsent(key, first -> new ArrayList<>()).add(envelope);
      }
    }
    for (int tries = 0; !byKey.isEmpty(); tries++) {
      if (tries == MOST_TRIES) {
        throw UnstorableKeyException.hidden(fold.table(), byKey.keySet(), tries);
      }
      byKey.keySet().retainAll(evolve(connection, byKey));
    }
  }

  /**
   * Evolves the states of some keys.
   *
   * @return the keys for which that has to be done again, as another transaction has given them
   *     their first state meanwhile
   */
  private Set<String> evolve(Connection connection, SortedMap<String, List<EventEnvelope<E>>> byKey)
      throws SQLException, IOException {
    Map<String, Kept<S>> before = states.lock(connection, byKey.keySet());
    List<KeyState<S>> added = new ArrayList<>();
    List<KeyState<S>> changed = new ArrayList<>();
    List<String> deleted = new ArrayList<>();
    byKey.forEach(
        (key, envelopes) -> {
          Optional<Kept<S>> state = Optional.ofNullable(before.get(key));
          boolean isStored = state.isPresent();
          for (EventEnvelope<E> envelope : envelopes) {
            state = evolve(key, state, envelope);
          }
          if (state.isPresent()) {
            (isStored ? changed : added).add(new KeyState<>(key, state.get()));
          } else if (isStored) {
            deleted.add(key);
          }
        });
    if (!deleted.isEmpty()) {
      states.delete(connection, deleted);
    }
    if (!changed.isEmpty()) {
      states.upsert(connection, changed);
    }
    return added.isEmpty() ? Set.of() : states.insertNew(connection, added);
  }

  // In a replay.

  @Override
  public void beginReplay(boolean isEmpty) {
    forgetAll();
    this.isEmpty = isEmpty;
    this.remembersAll = isEmpty;
  }

  @Override
  public boolean readsStored() {
    return !remembersAll;
  }

  @Override
  public void prepare(Connection connection, List<EventEnvelope<E>> envelopes) throws SQLException {
    Set<String> unknown = new HashSet<>();
    for (EventEnvelope<E> envelope : envelopes) {
      for (String key : keysIfValid(envelope)) {
        if (!memory.containsKey(key)) {
          unknown.add(key);
        }
      }
    }
    if (!unknown.isEmpty()) {
      Map<String, Kept<S>> stored = states.read(connection, unknown);
      for (String key : unknown) {
        remember(key, new Remembered<>(stored.get(key)));
      }
    }
  }

  /** The keys of an event; none if {@link #gather} will say what is wrong with them. */
  private Collection<String> keysIfValid(EventEnvelope<E> envelope) {
    try {
      return fold.keysOf(envelope);
    } catch (RuntimeException gatherFailsTheEvent) {
      return List.of();
    }
  }

  @Override
  public void gather(List<EventEnvelope<E>> envelopes) {
    Collection<String> keys = fold.keysOf(envelopes.get(0));
    if (envelopes.size() == 1 && keys.size() == 1) {
      String key = keys.iterator().next();
      take(key, evolve(key, stateOf(key), envelopes.get(0)));
    } else {
      gatherTogether(envelopes);
    }
  }

  /** What fails one of them changes nothing, of no key. */
  private void gatherTogether(List<EventEnvelope<E>> envelopes) {
    Map<String, Optional<Kept<S>>> after = new HashMap<>();
    for (EventEnvelope<E> envelope : envelopes) {
      for (String key : fold.keysOf(envelope)) {
        Optional<Kept<S>> state = after.get(key);
        after.put(key, evolve(key, state == null ? stateOf(key) : state, envelope));
      }
    }
    after.forEach(this::take);
  }

  private Optional<Kept<S>> stateOf(String key) {
    Remembered<S> remembered = memory.get(key);
    return remembered == null ? Optional.empty() : Optional.ofNullable(remembered.state);
  }

  private void take(String key, Optional<Kept<S>> state) {
    Remembered<S> remembered = memory.get(key);
    if (remembered == null) {
      remembered = new Remembered<>(null);
      remember(key, remembered);
    }
    bytes += bytesOf(state.orElse(null)) - bytesOf(remembered.state);
    remembered.state = state.orElse(null);
    remembered.isChanged = true;
  }

  private void remember(String key, Remembered<S> remembered) {
    memory.put(key, remembered);
    bytes += BYTES_A_KEY + key.length() + bytesOf(remembered.state);
  }

  private long bytesOf(@Nullable Kept<S> state) {
    return state == null ? 0 : state.bytes();
  }

  @Override
  public void write(Connection connection) throws SQLException, IOException {
    if (isEmpty) {
      copyAll(connection);
    } else {
      writeChanged(connection);
    }
  }

  @Override
  public void written() {
    for (Remembered<S> remembered : memory.values()) {
      remembered.isStored = remembered.state != null;
      remembered.isChanged = false;
    }
    isEmpty = false;
  }

  private void copyAll(Connection connection) throws SQLException, IOException {
    states.copy(
        connection,
        () ->
            memory.entrySet().stream()
                .filter(entry -> entry.getValue().state != null)
                .map(entry -> keyState(entry.getKey(), entry.getValue()))
                .iterator());
  }

  private void writeChanged(Connection connection) throws SQLException, IOException {
    List<String> deleted = new ArrayList<>();
    List<KeyState<S>> changed = new ArrayList<>();
    for (Map.Entry<String, Remembered<S>> entry : memory.entrySet()) {
      Remembered<S> remembered = entry.getValue();
      if (!remembered.isChanged) {
        continue;
      }
      if (remembered.state != null) {
        changed.add(keyState(entry.getKey(), remembered));
        if (changed.size() == States.ROWS_AT_A_TIME) {
          states.upsert(connection, changed);
          changed.clear();
        }
      } else if (remembered.isStored) {
        deleted.add(entry.getKey());
      }
    }
    states.upsert(connection, changed);
    states.delete(connection, deleted);
  }

  private static <S> KeyState<S> keyState(String key, Remembered<S> remembered) {
    return new KeyState<>(key, Objects.requireNonNull(remembered.state));
  }

  @Override
  public long bytes() {
    return bytes + (long) (memory.size() * keeper.averageObjectBytes());
  }

  @Override
  public void forgetWritten() {
    forgetAll();
    remembersAll = false;
  }

  private void forgetAll() {
    memory.clear();
    bytes = 0;
  }
}
