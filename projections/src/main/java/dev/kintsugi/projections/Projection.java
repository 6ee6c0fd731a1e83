package dev.kintsugi.projections;

import dev.kintsugi.projections.fold.Fold;
import dev.kintsugi.projections.internal.access.ProjectionAccess;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.definition.Definition;
import dev.kintsugi.projections.internal.definition.Kind;
import dev.kintsugi.projections.internal.definition.TableScript;
import dev.kintsugi.projections.internal.definition.Writing;
import dev.kintsugi.projections.rows.RowMapper;
import dev.kintsugi.projections.rows.RowTable;
import java.sql.Connection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.jspecify.annotations.Nullable;

/**
 * An inline projection: a read model, and how one event changes it.
 *
 * <pre>{@code
 * Projection<FileEvent> files = Projection.named("files").of(FileEvent.class)
 *     .tables("files.sql")
 *     .handler(FilesHandler::new)
 *     .onFailure(FailurePolicy.skip())
 *     .build();
 * }</pre>
 *
 * <p>There are four kinds, for what a read model is made of: {@link Builder#handler}, one call an
 * event; {@link Builder#groupedHandler}, one call for many; {@link Builder#rows}, changes of rows
 * that the runtime writes as sets; {@link Builder#fold}, a document for each key.
 *
 * <p>The handler runs in the transaction that appends the event, on the writer's thread; in a
 * rebuild and in recovery it runs in a transaction of theirs. The runtime owns all of these
 * transactions: a handler must not commit, roll back or close.
 *
 * <p>What a handler may rely on: events of one stream (persistence id) come in sequence, each once.
 * Across streams an inline projection sees commit order and a rebuild sees the journal's ordering;
 * a handler whose rows are shared between streams must give the same rows under both.
 *
 * @param <E> the class of the events that this projection subscribes to
 */
public final class Projection<E> {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,47}");

  /** Paths beside those of projections in the management routes. */
  private static final Set<String> TAKEN = Set.of("events", "ui");

  private final String name;
  private final int version;
  private final Subscription<E> subscription;
  private final FailurePolicy failurePolicy;
  private final boolean following;
  private final RebuildPolicy rebuildPolicy;
  private final @Nullable Projection<?> replaced;

  /** What the runtime sees besides. */
  private final Definition<E> definition;

  static {
    SharedSecrets.share(
        new ProjectionAccess() {
          @Override
          public <E> Definition<E> definitionOf(Projection<E> projection) {
            return projection.definition;
          }

          @Override
          public <E> Projection<E> with(Projection<E> projection, Definition<E> definition) {
            return new Projection<>(projection, definition, projection.replaced);
          }
        });
  }

  private Projection(Builder<E> builder, Definition<E> definition) {
    this.name = builder.name;
    this.version = builder.version;
    this.subscription = builder.subscription;
    this.failurePolicy = builder.failurePolicy;
    this.following = builder.following;
    this.rebuildPolicy = builder.rebuildPolicy;
    this.replaced = null;
    this.definition = definition;
  }

  private Projection(
      Projection<E> other, Definition<E> definition, @Nullable Projection<?> replaced) {
    this.name = other.name;
    this.version = other.version;
    this.subscription = other.subscription;
    this.failurePolicy = other.failurePolicy;
    this.following = other.following;
    this.rebuildPolicy = other.rebuildPolicy;
    this.replaced = replaced;
    this.definition = definition;
  }

  /**
   * Begins the definition of a projection.
   *
   * @param name a lower-case letter, then up to 47 lower-case letters, digits and underscores. It
   *     is the projection's identity in the database: a projection under a new name is a new
   *     projection.
   * @throws IllegalArgumentException if it is no such name, or "events" or "ui", which are paths of
   *     the management routes
   */
  public static Named named(String name) {
    if (TAKEN.contains(name)) {
      throw new IllegalArgumentException(
          "'%s' is no name for a projection: /projections/%s is another route of Pekko Management"
              .formatted(name, name));
    }
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' is no name for a projection: it takes a lower-case letter, then up to 47 lower-case"
              + " letters, digits and underscores ("
              + NAME.pattern()
              + ")");
    }
    return new Named(name);
  }

  public String name() {
    return name;
  }

  /** The definition's version, stored with each generation that was built by it. */
  public int version() {
    return version;
  }

  /** The script that makes its tables; that of the runtime where none was given. */
  public Tables tables() {
    return new Tables(definition.script().source(), definition.script().ddl());
  }

  public FailurePolicy failurePolicy() {
    return failurePolicy;
  }

  /**
   * Whether it follows the journal ({@link Builder#following()}), and is not applied in the
   * transaction that appends the events.
   */
  public boolean isFollowing() {
    return following;
  }

  /** How its read model is rebuilt; default {@link RebuildPolicy#beside()}. */
  public RebuildPolicy rebuildPolicy() {
    return rebuildPolicy;
  }

  /**
   * The same projection, beside the definition of a lower version that it replaces: as long as
   * nodes have that one, too, the read model that it built stays current until this version's is
   * served, and after that for as long as it is kept.
   *
   * @throws IllegalArgumentException if that is another projection, or not of a lower version
   */
  public Projection<E> replacing(Projection<?> older) {
    if (!older.name.equals(name) || older.version >= version) {
      throw new IllegalArgumentException(
          "projection '%s' in version %d can replace a lower version of itself, and not '%s' in version %d"
              .formatted(name, version, older.name, older.version));
    }
    return new Projection<>(this, definition, older);
  }

  /** The definition of a lower version that it replaces, if there is one. */
  public Optional<Projection<?>> replaced() {
    return Optional.ofNullable(replaced);
  }

  /** Which events it subscribes to. */
  public Subscription<E> subscription() {
    return subscription;
  }

  private static <T> T made(Supplier<? extends T> supplier, String projection) {
    return Objects.requireNonNull(
        supplier.get(),
        () -> "the handler supplier of projection '" + projection + "' returned null");
  }

  @Override
  public String toString() {
    return "Projection(" + name + ", version " + version + ", " + subscription + ")";
  }

  /** A projection's name, waiting for its events. */
  public static final class Named {
    private final String name;

    private Named(String name) {
      this.name = name;
    }

    /** Subscribes to all events that are instances of a class, usually a sealed interface. */
    public <E> Builder<E> of(Class<E> eventClass) {
      return new Builder<>(name, eventClass);
    }
  }

  /** Takes the rest of a definition: its kind must be given, and handlers' {@link #tables}. */
  public static final class Builder<E> {
    private final String name;
    private Subscription<E> subscription;
    private int version = 1;
    private @Nullable Tables tables;
    private @Nullable Kind<E> kind;
    private FailurePolicy failurePolicy = FailurePolicy.reject();
    private boolean sharesRows;
    private boolean following;
    private RebuildPolicy rebuildPolicy = RebuildPolicy.beside();
    private @Nullable Fold<E, ?> fold;
    private List<RowTable> rowTables = List.of();

    private Builder(String name, Class<E> eventClass) {
      this.name = name;
      this.subscription = new Subscription<>(eventClass, Set.of(), Set.of());
    }

    /**
     * Subscribes only to events of some entity types: those of streams whose persistence id begins
     * with one of them and a '|', as Pekko's {@code PersistenceId.of(entityType, id)} makes it.
     * Events of other streams cost this projection nothing; in a rebuild they are not even
     * deserialized.
     *
     * @throws IllegalArgumentException if none is named, or one is blank or contains a '|'
     */
    public Builder<E> entityTypes(String... entityTypes) {
      this.subscription =
          new Subscription<>(
              subscription.eventClass(), named("entity type", entityTypes), subscription.tags());
      return this;
    }

    /**
     * Subscribes only to events that have one of some tags at least. Recovery and rebuilds then
     * read the tags of events, too, with one more query for each batch. A tag that is given to
     * events that are stored already is seen by the next rebuild.
     *
     * @throws IllegalArgumentException if none is named, or one is blank
     */
    public Builder<E> tags(String... tags) {
      this.subscription =
          new Subscription<>(
              subscription.eventClass(), subscription.entityTypes(), named("tag", tags));
      return this;
    }

    private Set<String> named(String what, String... names) {
      if (names.length == 0) {
        throw new IllegalArgumentException(
            "projection '" + name + "': name at least one " + what + " to subscribe to");
      }
      return Set.copyOf(List.of(names));
    }

    /**
     * The definition's version, from 1; default 1. To be raised whenever the same events would give
     * other rows: with another handler, other subscriptions, other tables. The read model is then
     * rebuilt, by itself or when somebody asks for it, into tables that the new script makes.
     */
    public Builder<E> version(int version) {
      if (version < 1) {
        throw new IllegalArgumentException(
            "projection '" + name + "': version " + version + " is below 1");
      }
      this.version = version;
      return this;
    }

    /**
     * The tables' DDL, from a resource on the class path of the event class, e.g. {@code
     * "files.sql"}.
     *
     * @throws IllegalArgumentException if there is no such resource
     */
    public Builder<E> tables(String resource) {
      return tables(Tables.resource(resource, subscription.eventClass().getClassLoader()));
    }

    /** The tables' DDL. */
    public Builder<E> tables(Tables tables) {
      this.tables = tables;
      return this;
    }

    /**
     * Makes the handler that applies one event. It is called once for each thread that applies
     * events, again for each generation of the read model, and again whenever a transaction is not
     * known to be committed. So a handler may keep state, of the rows of one generation: what it
     * remembers of a transaction that never was, or of an older read model, is thrown away with it.
     */
    public Builder<E> handler(
        Supplier<? extends JdbcHandler<EventEnvelope<E>, JdbcSession>> handler) {
      return kind(
          "handler(...)", Kind.Calls.FOR_EACH, writing -> new OneByOne<>(made(handler, name)));
    }

    /**
     * The same, for a handler that is typed on a session class of the application's own:
     *
     * <pre>{@code
     * .handler(FilesHandler::new, connection -> new MySession(connection))
     * }</pre>
     *
     * <p>Each call of the handler gets a session of its own. The connection is the one of the
     * transaction that the handler takes part in: commit, rollback and close are refused, also by
     * way of the session, and the runtime calls none of them. A session that holds writes back
     * until its commit, as Hibernate's does, has to be {@link java.io.Flushable}: it is flushed
     * after each call, and what that throws is the handler's failure.
     *
     * @param session makes a session of a connection; what it throws is the handler's failure
     */
    public <S extends JdbcSession> Builder<E> handler(
        Supplier<? extends JdbcHandler<EventEnvelope<E>, S>> handler,
        org.apache.pekko.japi.function.Function<Connection, ? extends S> session) {
      return handler(() -> new InOwnSession<>(name, made(handler, name), session));
    }

    private Builder<E> kind(
        String method,
        Kind.Calls calls,
        Function<Writing, ? extends JdbcHandler<List<EventEnvelope<E>>, JdbcSession>> handlers) {
      if (kind != null) {
        throw new IllegalStateException(
            "projection '%s' is of one kind, and can't have %s beside the other"
                .formatted(name, method));
      }
      kind = new Kind<>(calls, handlers);
      return this;
    }

    /**
     * Makes the handler that applies many events in one call: all those of one transaction, of many
     * streams, each stream's in sequence; so that it can send them in a JDBC batch, or as arrays.
     * Under load this is several times as fast as a statement for each event. How they are grouped
     * means nothing: the rows must be the same however the events are cut into calls. After a
     * failure the transaction is run again with one event a call, to find the one at fault.
     *
     * <p>Otherwise as {@link #handler}.
     */
    public Builder<E> groupedHandler(
        Supplier<? extends JdbcHandler<List<EventEnvelope<E>>, JdbcSession>> handler) {
      return kind("groupedHandler(...)", Kind.Calls.FOR_GROUPS, writing -> made(handler, name));
    }

    /**
     * The same, for a handler that is typed on a session class of the application's own; see {@link
     * #handler(Supplier, org.apache.pekko.japi.function.Function)}. Each group gets a session.
     */
    public <S extends JdbcSession> Builder<E> groupedHandler(
        Supplier<? extends JdbcHandler<List<EventEnvelope<E>>, S>> handler,
        org.apache.pekko.japi.function.Function<Connection, ? extends S> session) {
      return groupedHandler(() -> new InOwnSession<>(name, made(handler, name), session));
    }

    /**
     * Declares what each event changes in flat tables; see {@link RowTable} and {@link RowMapper}.
     * The runtime makes the tables, unless {@link #tables} has a script that does, and combines the
     * changes of many events by key, so that they are written as sets.
     *
     * <p>A script's tables may have constraints and triggers. Then nothing is combined: each
     * event's changes are written in its turn, in the order in which the mapper says them, so that
     * an event is refused for what it does itself, in every append and in every rebuild.
     * Transactions apply to such a projection one after the other, as with {@link #sharedRows()}. A
     * constraint over rows that several streams share judges in commit order inline, and in the
     * journal's order in a rebuild.
     *
     * <pre>{@code
     * .rows(List.of(FILES), (envelope, rows) ->
     *     rows.upsert(FILES, envelope.event().path()).increment("changes", 1))
     * }</pre>
     */
    public Builder<E> rows(List<RowTable> tables, RowMapper<E> mapper) {
      if (tables.isEmpty()) {
        throw new IllegalArgumentException("projection '" + name + "': rows(...) without a table");
      }
      rowTables = List.copyOf(tables);
      List<RowTable> declared = rowTables;
      return kind(
          "rows(...)",
          Kind.Calls.TO_GATHER,
          writing -> SharedSecrets.rows().newHandler(declared, mapper, writing));
    }

    /**
     * Keeps a document for each key, folded from its events; see {@link Fold}. The runtime makes
     * the table, which is called as the projection is.
     */
    public <S> Builder<E> fold(Class<S> stateClass, UnaryOperator<Fold.Builder<E, S>> definition) {
      Fold<E, S> defined = definition.apply(Fold.into(name, stateClass)).build();
      fold = defined;
      return kind(
          "fold(...)",
          Kind.Calls.TO_GATHER,
          writing -> SharedSecrets.folds().newHandler(defined, version, writing));
    }

    /** What happens when the handler throws; default {@link FailurePolicy#reject()}. */
    public Builder<E> onFailure(FailurePolicy failurePolicy) {
      this.failurePolicy = failurePolicy;
      return this;
    }

    /**
     * Says that many streams change the same rows, as with counters by author. Transactions then
     * apply to this projection one after the other. Otherwise they lock its rows in whichever order
     * their events come, and PostgreSQL has to find each deadlock and end one of the two, which
     * takes a second (its {@code deadlock_timeout}).
     *
     * <p>The cost: from the first event that this projection takes in to its commit, an append
     * waits for the others, though each still carries the events of many streams.
     */
    public Builder<E> sharedRows() {
      this.sharesRows = true;
      return this;
    }

    /**
     * Has the projection follow the journal: it costs appends nothing, and its read model comes a
     * moment later. All else is as with {@link #inline()}: each event is applied exactly once,
     * those of a stream in sequence.
     *
     * <p>There is no append that a failing event could be rejected with: it is recorded, its stream
     * waits behind it, and all others go on, also with {@link FailurePolicy#reject()}. (A build
     * from history stops at it then, as that of an inline projection does.)
     *
     * <p>A projection that was inline follows from its next start on, with no rebuild, and the
     * other way round; its version need not be raised for that.
     */
    public Builder<E> following() {
      this.following = true;
      return this;
    }

    /** How the read model is rebuilt; default {@link RebuildPolicy#beside()}. */
    public Builder<E> rebuilt(RebuildPolicy policy) {
      this.rebuildPolicy = policy;
      return this;
    }

    /**
     * Has the projection live in the transaction that appends the events: the default. Whoever sees
     * an event sees what it did to the read model.
     */
    public Builder<E> inline() {
      this.following = false;
      return this;
    }

    /**
     * The finished definition.
     *
     * @throws IllegalStateException if the tables or the handler were not given
     */
    public Projection<E> build() {
      if (kind == null) {
        throw new IllegalStateException(
            "projection '%s' has none of handler(...), groupedHandler(...), rows(...) and fold(...)"
                .formatted(name));
      }
      return new Projection<>(this, new Definition<>(kind, script(), sharesRows));
    }

    private TableScript script() {
      if (fold != null) {
        if (tables != null) {
          throw new IllegalStateException(
              "projection '%s' is a fold, whose table the runtime makes; it can't have tables(...)"
                  .formatted(name));
        }
        return SharedSecrets.folds().script(fold);
      }
      if (rowTables.isEmpty()) {
        if (tables == null) {
          throw new IllegalStateException("projection '" + name + "' has no tables(...)");
        }
        return new TableScript(tables.source(), tables.ddl(), List.of(), List.of());
      }
      if (tables == null) {
        return SharedSecrets.rows().script(rowTables);
      }
      return new TableScript(
          tables.source(), tables.ddl(), List.of(), SharedSecrets.rows().declared(rowTables));
    }
  }
}
