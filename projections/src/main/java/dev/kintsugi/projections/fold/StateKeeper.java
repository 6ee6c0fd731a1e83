package dev.kintsugi.projections.fold;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.kintsugi.projections.fold.Fold.StateColumn;
import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.ColumnType;
import dev.kintsugi.projections.internal.bulk.IndexBound;
import dev.kintsugi.projections.internal.text.StorableText;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a fold's states between events, so that the same state is evolved on every way: inline,
 * where it went through the database after the last event, within a group and in a replay, where it
 * did not. And judges each event by the state that it came to, as a later one may replace it before
 * the database sees it. For one thread.
 */
final class StateKeeper<S> {

  /** One of so many faithful states is looked at: the first, and then each of this number. */
  private static final int STATES_A_SAMPLE = 256;

  private static final int BYTES_A_CHARACTER_OF_STATE = 3;

  private final Fold<?, S> fold;
  private final StateShape shape;
  private final ObjectReader reader;
  private final ObjectWriter writer;
  private final List<IndexBound> bounds;
  private long seen;
  private double averageBytes;

  StateKeeper(Fold<?, S> fold, List<IndexBound> bounds) {
    this.fold = fold;
    this.bounds = bounds;
    this.shape = fold.shape();
    this.reader = fold.mapper().readerFor(fold.stateClass());
    this.writer = fold.mapper().writerFor(fold.stateClass());
  }

  /**
   * The state that an event came to.
   *
   * @throws UnstorableStateException if it can't be stored, or can't be read back, or an index does
   *     not take it
   */
  Kept<S> keep(String key, S state, EventEnvelope<?> envelope) {
    try {
      if (shape.isFaithful()) {
        shape.checkTexts(state);
        checkColumns(key, state, null);
        if (seen++ % STATES_A_SAMPLE == 0) {
          sample(state);
        }
        return new Kept.AsObject<>(state);
      }
      String json = Jsonb.normalized(writer.writeValueAsString(state));
      checkColumns(key, readBack(json), json);
      return new Kept.AsJson<>(json);
    } catch (IOException | RuntimeException e) {
      throw UnstorableStateException.of(fold.table(), key, envelope, e);
    }
  }

  private S readBack(String json) throws IOException {
    S state = reader.readValue(json);
    if (state == null) {
      throw new IllegalArgumentException("it is written as null, and so is no state");
    }
    return state;
  }

  private void sample(S state) throws IOException {
    String json = writer.writeValueAsString(state);
    Optional<String> difference = shape.difference(state, readBack(Jsonb.normalized(json)));
    if (difference.isPresent()) {
      throw new IllegalArgumentException(
          "it is not what is read back, so a rebuild would come to other rows. "
              + difference.get()
              + ". Let constructor and accessors keep what they are given");
    }
    double bytes = (double) BYTES_A_CHARACTER_OF_STATE * json.length();
    averageBytes = averageBytes == 0 ? bytes : averageBytes * 0.9 + bytes * 0.1;
  }

  /**
   * A state that the table has.
   *
   * @throws StateSchemaException if it can't be read
   */
  Kept<S> stored(String key, String json) {
    return shape.isFaithful() ? new Kept.AsObject<>(read(key, json)) : new Kept.AsJson<>(json);
  }

  /**
   * The state, for an event to evolve: nobody else has it, or can change it.
   *
   * @throws StateSchemaException if it can't be read
   */
  S state(String key, Kept<S> kept) {
    if (kept instanceof Kept.AsJson<S> text) {
      return read(key, text.json());
    }
    return ((Kept.AsObject<S>) kept).state();
  }

  private S read(String key, String json) {
    try {
      return readBack(json);
    } catch (IOException | IllegalArgumentException e) {
      throw StateSchemaException.unreadable(fold.table(), key, fold.stateClass(), e);
    }
  }

  /** A state as JSON. */
  String json(Kept<S> kept) throws JsonProcessingException {
    return kept instanceof Kept.AsJson<S> text
        ? text.json()
        : writer.writeValueAsString(((Kept.AsObject<S>) kept).state());
  }

  /** The columns beside a state, in their order, as texts. */
  @Nullable String[] columns(String key, Kept<S> kept) {
    return fold.stateColumns().isEmpty() ? new String[0] : columnsOf(state(key, kept));
  }

  private @Nullable String[] columnsOf(S state) {
    List<StateColumn<S>> added = fold.stateColumns();
    @Nullable String[] values = new @Nullable String[added.size()];
    for (int i = 0; i < values.length; i++) {
      Object value = canonical(added.get(i), state);
      values[i] = value == null ? null : ColumnType.sent(value);
    }
    return values;
  }

  private void checkColumns(String key, S state, @Nullable String json) throws IOException {
    Map<Column, Object> values = bounds.isEmpty() ? Map.of() : new HashMap<>();
    for (StateColumn<S> added : fold.stateColumns()) {
      Object value = canonical(added, state);
      if (value != null && !bounds.isEmpty()) {
        values.put(added.column(), value);
      }
    }
    for (IndexBound bound : bounds) {
      if (bound.values().contains(Fold.STATE) && !values.containsKey(Fold.STATE)) {
        values.put(Fold.STATE, json == null ? writer.writeValueAsString(state) : json);
      }
      bound.check(column -> StorableText.bytes(key), column -> bytes(column, values.get(column)));
    }
  }

  private static long bytes(Column column, @Nullable Object value) {
    return value == null ? 0 : column.type().bytes(value);
  }

  private @Nullable Object canonical(StateColumn<S> added, S state) {
    Object value = added.value().apply(state);
    try {
      return value == null ? null : added.column().type().canonical(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "column '%s': %s".formatted(added.column().name(), e.getMessage()), e);
    }
  }

  /** About how many bytes a state takes that is kept as an object; 0 where none is. */
  double averageObjectBytes() {
    return averageBytes;
  }
}
