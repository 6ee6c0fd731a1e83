package dev.kintsugi.projections.fold;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.bulk.Column;
import dev.kintsugi.projections.internal.bulk.DeclaredTable;
import dev.kintsugi.projections.internal.bulk.Names;
import dev.kintsugi.projections.internal.text.StorableText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.jspecify.annotations.Nullable;

/**
 * A document for each key, folded from the key's events: {@code state = evolve(state, event)}.
 *
 * <pre>{@code
 * Projection.named("authors").of(FileEvent.class)
 *     .fold(Author.class, fold -> fold
 *         .key(envelope -> envelope.event().author())
 *         .evolve((author, envelope) -> Optional.of(author.orElse(Author.NEW).plus(envelope.event())))
 *         .column("changes", "bigint", Author::changes)
 *         .index("changes"))
 *     .build();
 * }</pre>
 *
 * <p>The runtime makes the table: {@code key}, {@code schema_version} (the projection's version),
 * {@code state} as JSONB by Jackson, and the columns that are asked for. The functions must be
 * pure: they are called from several threads, and for the same event again where a transaction is
 * run again.
 *
 * <p>If the key is the stream's own (the default), events come in the stream's sequence. If events
 * of several streams share a key, their order across streams is the commit order inline, and the
 * journal's in a rebuild: {@code evolve} must come to the same state in both.
 *
 * <p>What {@code evolve} gets is what the database gives back, inline and in a rebuild alike: maps
 * in the order of jsonb's keys, numbers as numeric prints them, {@code Object} values as the
 * classes that JSON has. Records of whole numbers, booleans, texts, enums, instants, local dates
 * and times and UUIDs survive as they are, and so stay objects in a rebuild's memory: they are the
 * fastest.
 *
 * @param <E> the class of the events
 * @param <S> the class of the state
 */
public final class Fold<E, S> {

  /** Evolves a key's state by one event: empty before the first, and empty again to delete it. */
  @FunctionalInterface
  public interface Evolve<E, S> {
    Optional<S> apply(Optional<S> state, EventEnvelope<E> envelope) throws Exception;
  }

  /** A column that is taken from the state. */
  record StateColumn<S>(Column column, Function<S, @Nullable Object> value) {}

  static final Column KEY = Column.of("key", "text");
  static final Column SCHEMA_VERSION = Column.of("schema_version", "integer");
  static final Column STATE = Column.of("state", "jsonb");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private final Class<S> stateClass;
  private final String table;
  private final Function<EventEnvelope<E>, ? extends Collection<String>> keys;
  private final Evolve<E, S> evolve;
  private final List<StateColumn<S>> stateColumns;
  private final List<List<String>> indexes;
  private final ObjectMapper mapper;
  private final StateShape shape;

  static {
    SharedSecrets.share(new FoldKind());
  }

  private Fold(Builder<E, S> builder, Evolve<E, S> evolve) {
    this.stateClass = builder.stateClass;
    this.table = builder.table;
    this.keys = builder.keys;
    this.evolve = evolve;
    this.stateColumns = List.copyOf(builder.stateColumns);
    this.indexes = List.copyOf(builder.indexes);
    this.mapper = builder.mapper;
    this.shape = StateShape.of(stateClass, mapper == JSON);
  }

  /**
   * Begins a fold.
   *
   * @param table what its table is called unless {@link Builder#table} says otherwise
   */
  public static <E, S> Builder<E, S> into(String table, Class<S> stateClass) {
    return new Builder<>(table, stateClass);
  }

  String table() {
    return table;
  }

  /** The indexes, as columns each. */
  List<List<String>> indexes() {
    return indexes;
  }

  /** Its CREATE TABLE. */
  String ddl() {
    return """
        CREATE TABLE IF NOT EXISTS %s (
          %s PRIMARY KEY,
          %s NOT NULL,
          %s NOT NULL%s
        ) WITH (fillfactor = 80);
        """
        .formatted(
            Names.quoted(table),
            KEY.ddl(),
            SCHEMA_VERSION.ddl(),
            STATE.ddl(),
            stateColumns.stream().map(added -> ",\n  " + added.column().ddl()).collect(joining()));
  }

  /** The table as the runtime holds it against the database. */
  DeclaredTable declared() {
    return new DeclaredTable(
        table,
        List.of(KEY),
        List.of(SCHEMA_VERSION, STATE),
        stateColumns.stream().map(StateColumn::column).toList(),
        List.of(),
        List.of());
  }

  Class<S> stateClass() {
    return stateClass;
  }

  List<StateColumn<S>> stateColumns() {
    return stateColumns;
  }

  ObjectMapper mapper() {
    return mapper;
  }

  StateShape shape() {
    return shape;
  }

  /**
   * The keys that an event belongs to, each once.
   *
   * @throws NullKeyException if one is null
   * @throws UnstorableKeyException if PostgreSQL would take one for another
   */
  Collection<String> keysOf(EventEnvelope<E> envelope) {
    Collection<String> found = keys.apply(envelope);
    if (found == null || found.stream().anyMatch(Objects::isNull)) {
      throw new NullKeyException(table, envelope);
    }
    for (String key : found) {
      Optional<String> fault =
          StorableText.fault(key).or(() -> StorableText.keyFault(List.of(key)));
      if (fault.isPresent()) {
        throw UnstorableKeyException.unfit(table, key, fault.get(), envelope);
      }
    }
    return found.size() < 2 ? found : List.copyOf(new LinkedHashSet<>(found));
  }

  /**
   * A key's state after an event.
   *
   * @throws EvolveException if the function throws, or returns null
   */
  Optional<S> evolve(String key, Optional<S> state, EventEnvelope<E> envelope) {
    try {
      return Objects.requireNonNull(
          evolve.apply(state, envelope),
          "evolve returned null; to delete the state, return Optional.empty()");
    } catch (Exception e) {
      throw EvolveException.of(table, key, envelope, e);
    }
  }

  /** Takes the parts of a fold; {@link #evolve} must be given. */
  public static final class Builder<E, S> {
    private final Class<S> stateClass;
    private String table;
    private Function<EventEnvelope<E>, ? extends Collection<String>> keys =
        envelope -> List.of(envelope.persistenceId());
    private @Nullable Evolve<E, S> evolve;
    private final List<StateColumn<S>> stateColumns = new ArrayList<>();
    private final List<List<String>> indexes = new ArrayList<>();
    private ObjectMapper mapper = JSON;

    private Builder(String table, Class<S> stateClass) {
      this.table = table;
      this.stateClass = stateClass;
    }

    /** The table's name; default the projection's. */
    public Builder<E, S> table(String table) {
      this.table = Names.checked(table, "a table");
      return this;
    }

    /**
     * The one key that each event belongs to; default its persistence id. Never null, and never
     * with half of a surrogate pair or a NUL, which PostgreSQL can't store.
     */
    public Builder<E, S> key(Function<EventEnvelope<E>, String> key) {
      this.keys = envelope -> Collections.singletonList(key.apply(envelope));
      return this;
    }

    /** The keys that an event belongs to: none, one or several. Never null, nor is one of them. */
    public Builder<E, S> keys(Function<EventEnvelope<E>, ? extends Collection<String>> keys) {
      this.keys = keys;
      return this;
    }

    /**
     * How an event changes the state of a key it belongs to. What it throws fails the event, for
     * all of its keys; and so does a state that can't be stored or read back, or a column of it
     * that its type does not take, also if the next event would replace it.
     */
    public Builder<E, S> evolve(Evolve<E, S> evolve) {
      this.evolve = evolve;
      return this;
    }

    /**
     * A column beside the state, for queries and indexes.
     *
     * @param type PostgreSQL's name: text, boolean, smallint, integer, bigint, numeric, real,
     *     double precision, date, timestamp, timestamptz, uuid or jsonb
     * @param value taken from each state that is written; null is NULL
     */
    public Builder<E, S> column(String column, String type, Function<S, @Nullable Object> value) {
      Column added = Column.of(column, type);
      if (knows(column)) {
        throw new IllegalArgumentException(
            "the fold into '%s' has a column '%s' already".formatted(table, column));
      }
      stateColumns.add(new StateColumn<>(added, value));
      return this;
    }

    private boolean knows(String column) {
      return List.of(KEY, SCHEMA_VERSION, STATE).stream().anyMatch(own -> own.name().equals(column))
          || stateColumns.stream().anyMatch(known -> known.column().name().equals(column));
    }

    /**
     * An index on some columns. In a rebuild it is dropped, and built after the bulk load. An event
     * is refused that brings one of them to more than 2,600 bytes, or to more than its share of
     * them: PostgreSQL's indexes take no longer values for certain.
     */
    public Builder<E, S> index(String... columns) {
      for (String column : columns) {
        if (!knows(column)) {
          throw new IllegalArgumentException(
              "the fold into '%s' has no column '%s' to be indexed; declare it first"
                  .formatted(table, column));
        }
      }
      indexes.add(List.of(columns));
      return this;
    }

    /**
     * The mapper between states and JSON; by default one with Java's times as ISO text and
     * Optional, to which unknown properties mean nothing.
     */
    public Builder<E, S> mapper(ObjectMapper mapper) {
      this.mapper = mapper;
      return this;
    }

    /**
     * The finished fold.
     *
     * @throws IllegalStateException if evolve was not given
     */
    public Fold<E, S> build() {
      if (evolve == null) {
        throw new IllegalStateException("the fold into '" + table + "' has no evolve(...)");
      }
      return new Fold<>(this, evolve);
    }
  }
}
