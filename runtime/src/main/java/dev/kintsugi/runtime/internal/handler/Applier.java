package dev.kintsugi.runtime.internal.handler;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Subscription;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.definition.Definition;
import dev.kintsugi.projections.internal.definition.Kind;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SearchPath;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.projection.eventsourced.EventEnvelope;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread's handlers. Not thread-safe: handlers may be stateful and are single-threaded.
 *
 * <p>Handlers may remember. So a handler belongs to one {@link HandlerTarget}, and to transactions
 * that were all committed: {@link #inTransaction} stops it wherever that is not known. Who owns a
 * transaction in another way makes an applier for it, or calls {@link #forget()} when it rolls
 * back.
 */
public final class Applier implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Applier.class);

  private static final long LONGEST_TRIES = Duration.ofSeconds(2).toNanos();

  /** What to do about a handler that throws, as to the transaction. */
  public enum OnThrow {
    /**
     * Nothing: the caller rolls the whole transaction back. Costs nothing when no handler throws.
     */
    ROLL_BACK,
    /** Roll back to a savepoint before the event; the transaction stays usable. */
    SAVEPOINT
  }

  /** A handler, and what it was made for. */
  private record Instance(HandlerTarget target, JdbcHandler<?, JdbcSession> handler) {}

  /**
   * One generation may serve, one be kept, and one be built, side by side; the handler of any other
   * makes room.
   */
  private static final int GENERATIONS = 3;

  /** By the projection's name, the one that was used last at the end. */
  private final Map<String, Deque<Instance>> handlers = new HashMap<>();

  /** What handlers may not name, of definitions that have a place. */
  private final Map<Projection<?>, NamesInFull> refusedNames = new HashMap<>();

  /** The events of one projection that its handler gets in one call. */
  private final List<JournalEvent> group = new ArrayList<>();

  /**
   * Whether what can't be done now is a failure of the event. In a transaction that somebody else
   * owns it never is: whether to try again is the owner's to say.
   */
  private boolean isLastTry;

  /**
   * When the tries were used up last: of many events that wait for the same lock, only the first
   * one is worth a second.
   */
  private long gaveUpAt = System.nanoTime() - LONGEST_TRIES;

  private @Nullable Connection connection;
  private @Nullable GuardedSession session;

  /**
   * The schema that this transaction's {@code search_path} begins with, if it is a generation's.
   */
  private @Nullable String place;

  /** The path as it was before. */
  private String path = "";

  /**
   * Runs work that applies events, in a transaction of its own; see {@link
   * Database#inTransaction(Database.Work)}. Unless the transaction is known to be committed, all
   * handlers are stopped: before the work is run again, and before this method throws.
   *
   * <p>It is run again, too, where others keep it from being done ({@link SqlStates#isNotNow}): for
   * about a second, or twice if it takes longer than that. Only in the last run such an error is a
   * {@link HandlerException}, if a handler had it.
   *
   * @throws Exception what the work threw, or the commit
   */
  public <T> T inTransaction(Database database, Database.Work<T> work) throws Exception {
    long begin = System.nanoTime();
    try {
      for (int attempt = 1; ; attempt++) {
        isLastTry =
            attempt == Database.ATTEMPTS
                || System.nanoTime() - begin > LONGEST_TRIES
                || System.nanoTime() - gaveUpAt < LONGEST_TRIES;
        try {
          place = null;
          return database.inTransaction(work, this::forget);
        } catch (Exception e) {
          if (!SqlStates.isNotNow(e)) {
            throw e;
          }
          if (isLastTry) {
            gaveUpAt = System.nanoTime();
            throw e;
          }
          log.debug("Not now, attempt {} of {}", attempt, Database.ATTEMPTS, e);
        }
        Database.pauseAfter(attempt);
      }
    } finally {
      isLastTry = false;
    }
  }

  /**
   * Applies an event to a projection's read model, in the connection's transaction. With {@code
   * ROLL_BACK}, a handler of groups gets it with the others at {@link #finish}.
   *
   * @return whether the projection subscribes to it
   * @throws HandlerException if the handler or the event is at fault
   * @throws Exception if the database is, or the transaction lost a race
   */
  public boolean apply(
      Connection connection, HandlerTarget target, JournalEvent event, OnThrow onThrow)
      throws Exception {
    Projection<?> projection = target.projection();
    if (!isSubscribed(projection, event)) {
      return false;
    }
    if (onThrow == OnThrow.SAVEPOINT) {
      applyBehindSavepoint(connection, target, List.of(event));
    } else if (SharedSecrets.definitionOf(projection).handlesGroups()
        && event.undecodable() == null) {
      group.add(event);
    } else {
      process(connection, target, event);
    }
    return true;
  }

  /**
   * Ends what was applied to one projection: to be called before anything is applied to another,
   * and before the transaction is committed.
   *
   * @throws HandlerException only with {@code ROLL_BACK}: one of a group could not be applied
   * @throws Exception if the database is at fault, or the transaction lost a race
   */
  public void finish(Connection connection, HandlerTarget target) throws Exception {
    if (!group.isEmpty()) {
      process(connection, target, target.projection(), List.copyOf(group));
      group.clear();
    }
  }

  /**
   * Whether a projection subscribes to an event. Stream and tags decide first. An event that can't
   * be deserialized, and that these don't rule out, counts as the projection's: it may be.
   */
  public static boolean isSubscribed(Projection<?> projection, JournalEvent event) {
    Subscription<?> subscription = projection.subscription();
    if (!subscription.includes(event.persistenceId(), event.tags())) {
      return false;
    }
    if (event.undecodable() != null) {
      return true;
    }
    for (Object payload : event.payloads()) {
      if (subscription.includes(payload)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Applies events that the projection subscribes to, all or none: after a failure the transaction
   * is as it was before them, and can be used.
   *
   * @throws HandlerException if one of them can't be applied; which, only a call with one tells
   * @throws Exception if the database is at fault, or the transaction lost a race
   */
  public void applyBehindSavepoint(
      Connection connection, HandlerTarget target, List<JournalEvent> events) throws Exception {
    Savepoint savepoint = connection.setSavepoint();
    try {
      for (JournalEvent event : events) {
        apply(connection, target, event, OnThrow.ROLL_BACK);
      }
      finish(connection, target);
      release(connection, savepoint, target, events);
    } catch (HandlerException e) {
      connection.rollback(savepoint);
      forget();
      throw e;
    }
  }

  /** Fails where a handler ended the transaction by a statement of its own. */
  private static void release(
      Connection connection, Savepoint savepoint, HandlerTarget target, List<JournalEvent> events)
      throws SQLException, HandlerException {
    try {
      connection.releaseSavepoint(savepoint);
    } catch (SQLException e) {
      if (SqlStates.isDatabaseAtFault(e)) {
        throw e;
      }
      throw new HandlerException(target, events, e);
    }
  }

  private void process(Connection connection, HandlerTarget target, JournalEvent event)
      throws Exception {
    if (event.undecodable() != null) {
      throw new HandlerException(target, event, event.undecodable());
    }
    process(connection, target, target.projection(), List.of(event));
  }

  private <E> void process(
      Connection connection,
      HandlerTarget target,
      Projection<E> projection,
      List<JournalEvent> events)
      throws Exception {
    GuardedSession current = sessionOn(connection);
    boolean hadBegun = !Database.hasEnded(connection);
    lookIn(connection, projection);
    try {
      current.open(namesRefusedOf(projection));
      handlerOf(target, projection).process(current, envelopes(projection, events));
      if (hadBegun && Database.hasEnded(connection)) {
        throw new IllegalStateException(
            "the handler ended the transaction that it ran in, by a statement of its own; whether"
                + " the event is stored is not known, and what it did to the read model stays");
      }
      if (Database.isAborted(connection)) {
        throw new IllegalStateException(
            "the handler swallowed an error of the database, after which nothing can be done in the"
                + " transaction");
      }
      current.setBack();
      lookAtDeferred(
          connection, SharedSecrets.definitionOf(projection).writing().deferredConstraints());
    } catch (Throwable e) {
      if (HandlerException.isJvmAtFault(e)
          || SqlStates.isTransactionRetriable(e)
          || isDatabaseAtFault(connection, e)
          || (SqlStates.isNotNow(e) && !isLastTry)) {
        throw e;
      }
      throw new HandlerException(target, events, e);
    } finally {
      current.end();
    }
  }

  /**
   * A verification's connection is read only on purpose, but for temporary tables: there the
   * handler is at fault that writes to another table, as it names it with its schema.
   */
  private static boolean isDatabaseAtFault(Connection connection, Throwable error)
      throws SQLException {
    return SqlStates.isDatabaseAtFault(error)
        && !(SqlStates.isReadOnly(error) && connection.isReadOnly());
  }

  /**
   * Looks at constraints that would be looked at by the COMMIT, whose failure could not be told to
   * be this event's.
   */
  private static void lookAtDeferred(Connection connection, List<String> constraints)
      throws SQLException {
    if (constraints.isEmpty()) {
      return;
    }
    String names = String.join(", ", constraints);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "SET CONSTRAINTS %1$s IMMEDIATE; SET CONSTRAINTS %1$s DEFERRED".formatted(names));
    }
  }

  /** What of some events a projection subscribes to, as its handler gets it. */
  @SuppressWarnings("unchecked") // a projection subscribes to events of its own class only
  static <E> List<EventEnvelope<E>> envelopes(Projection<E> projection, List<JournalEvent> events) {
    List<EventEnvelope<E>> envelopes = new ArrayList<>(events.size());
    for (JournalEvent event : events) {
      for (Object payload : event.payloads()) {
        if (projection.subscription().includes(payload)) {
          envelopes.add(
              EventEnvelope.create(
                  Offset.sequence(event.ordering()),
                  event.persistenceId(),
                  event.sequenceNumber(),
                  (E) payload,
                  event.timestamp()));
        }
      }
    }
    return envelopes;
  }

  @SuppressWarnings("unchecked") // a target has what its projection made
  private <E> JdbcHandler<List<EventEnvelope<E>>, JdbcSession> handlerOf(
      HandlerTarget target, Projection<E> projection) {
    Deque<Instance> ofProjection =
        handlers.computeIfAbsent(projection.name(), name -> new ArrayDeque<>());
    Instance instance = ofProjection.peekLast();
    if (instance == null || !instance.target().equals(target)) {
      instance = other(ofProjection, target);
    }
    return (JdbcHandler<List<EventEnvelope<E>>, JdbcSession>) instance.handler();
  }

  /** Of a generation that was not the last one: the one that was made for it, or a new one. */
  private static Instance other(Deque<Instance> ofProjection, HandlerTarget target) {
    Instance found =
        ofProjection.stream().filter(each -> each.target().equals(target)).findFirst().orElse(null);
    if (found != null) {
      ofProjection.remove(found);
      ofProjection.addLast(found);
      return found;
    }
    String place = placeOf(target);
    List<Instance> outdated =
        ofProjection.stream()
            .filter(each -> Objects.equals(placeOf(each.target()), place))
            .toList();
    ofProjection.removeAll(outdated);
    outdated.forEach(Applier::stop);
    if (ofProjection.size() == GENERATIONS) {
      stop(ofProjection.removeFirst());
    }
    JdbcHandler<? extends List<?>, JdbcSession> made =
        SharedSecrets.definitionOf(target.projection()).newHandler();
    made.start();
    Instance instance = new Instance(target, made);
    ofProjection.addLast(instance);
    return instance;
  }

  private static @Nullable String placeOf(HandlerTarget target) {
    return SharedSecrets.definitionOf(target.projection()).place();
  }

  /** Looked up by the definition: there is one for each place. */
  private @Nullable NamesInFull namesRefusedOf(Projection<?> projection) {
    Definition<?> definition = SharedSecrets.definitionOf(projection);
    return definition.place() == null || definition.kind().calls() == Kind.Calls.TO_GATHER
        ? null // what the runtime writes by itself it names in full
        : refusedNames.computeIfAbsent(projection, of -> NamesInFull.of(definition.script().ddl()));
  }

  /**
   * Has the session find the tables of a generation, to the end of the transaction; or of what has
   * none of its own, as before.
   */
  private void lookIn(Connection connection, Projection<?> projection) throws SQLException {
    Definition<?> definition = SharedSecrets.definitionOf(projection);
    String wanted = definition.isFoundByPath() ? definition.place() : null;
    if (Objects.equals(wanted, place)) {
      return;
    }
    if (place == null && wanted != null) {
      path = SearchPath.change(connection, wanted);
    } else {
      SearchPath.set(connection, wanted, path);
    }
    place = wanted;
  }

  private GuardedSession sessionOn(Connection connection) {
    if (session == null || this.connection != connection) {
      this.connection = connection;
      session = new GuardedSession(connection);
    }
    return session;
  }

  /**
   * Stops all handlers; the next event gets new ones. To be called when a transaction rolled back.
   */
  public void forget() {
    group.clear();
    place = null;
    List<Instance> made = handlers.values().stream().flatMap(Deque::stream).toList();
    handlers.clear();
    made.forEach(Applier::stop);
  }

  /** Whatever it throws: the handler is of no use any more, and others are to be stopped, too. */
  private static void stop(Instance instance) {
    try {
      instance.handler().stop();
    } catch (Throwable e) {
      log.warn(
          "The handler of projection '{}' failed to stop",
          instance.target().projection().name(),
          e);
    }
  }

  /** Closes once a batch under way, which uses it on another thread, has ended. */
  public void closeAfter(CompletionStage<?> batch) {
    batch.whenComplete((done, error) -> close());
  }

  @Override
  public void close() {
    forget();
    connection = null;
    session = null;
  }
}
