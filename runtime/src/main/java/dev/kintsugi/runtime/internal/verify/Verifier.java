package dev.kintsugi.runtime.internal.verify;

import dev.kintsugi.projections.Projection;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.jdbc.Database;
import dev.kintsugi.runtime.internal.jdbc.SearchPath;
import dev.kintsugi.runtime.internal.state.Cursors;
import dev.kintsugi.runtime.internal.state.Generations;
import dev.kintsugi.runtime.status.Generation;
import dev.kintsugi.runtime.status.Status;
import dev.kintsugi.runtime.verify.NotVerifiableException;
import dev.kintsugi.runtime.verify.TableDifference;
import dev.kintsugi.runtime.verify.Verification;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Holds a read model against its journal (invariant 5 of DESIGN 10), while writers go on.
 *
 * <p>A snapshot of the database has the journal, the skip records and the read model as they were
 * at one point, and in it the read model is the fold of all events that have no open record: an
 * event, and what it does to the read model, become visible together. So one connection looks at
 * such a snapshot, for as long as it takes, with no transaction id: no fence waits for it. Another
 * one applies the events that it sees to temporary tables of the same names, by the projection's
 * own handler, in short transactions. Then the rows of both are compared. What of them could not be
 * compared is named, and the result is not clean then.
 *
 * <p>It takes no lock that a writer waits for, and changes nothing. A rebuild that begins meanwhile
 * ends it, as it empties the tables.
 */
public final class Verifier {

  private static final int PAGE = 1000;

  private final Database database;
  private final EventJournal journal;
  private final EventCodec codec;
  private final ProjectionRegistry registry;
  private final Function<String, List<String>> tables;

  /**
   * A verifier that needs two connections at a time, and ends the session of one of them.
   *
   * @param tables the names of the tables that a projection's script makes, quoted where they need
   *     it
   */
  public Verifier(
      Database database,
      EventJournal journal,
      EventCodec codec,
      ProjectionRegistry registry,
      Function<String, List<String>> tables) {
    this.database = database;
    this.journal = journal;
    this.codec = codec;
    this.registry = registry;
    this.tables = tables;
  }

  /**
   * Verifies a projection's read model, on the calling thread; as long as a rebuild, more or less.
   *
   * @return empty if the database knows no such projection
   * @throws NotVerifiableException if the projection is being rebuilt, or this build has no handler
   *     for it; or if a rebuild has begun meanwhile
   * @throws dev.kintsugi.runtime.internal.handler.HandlerException if the handler fails on an event
   *     which has no skip record
   * @throws Exception if the database is at fault
   */
  public Optional<Verification> verify(String name) throws Exception {
    return verify(name, VerificationListener.NONE);
  }

  /** The same, for somebody who follows it. */
  Optional<Verification> verify(String name, VerificationListener listener) throws Exception {
    try (Connection snapshot = database.connection()) {
      beginSnapshot(snapshot);
      Optional<Generation> generation = Generations.find(snapshot, name);
      if (generation.isEmpty()) {
        return Optional.empty();
      }
      refuseUnbuilt(snapshot, generation.get());
      return Optional.of(verify(snapshot, generation.get(), listener));
    }
  }

  /**
   * It stands still while a page is applied and while the copy of a large table is sorted, for
   * longer than other transactions may. Only the TRUNCATE of a rebuild would wait for it.
   */
  private static void beginSnapshot(Connection connection) throws SQLException {
    try (Statement begin = connection.createStatement()) {
      begin.execute(
          "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
              + " SET LOCAL idle_in_transaction_session_timeout = '1h';"
              + " SET LOCAL statement_timeout = 0");
    }
  }

  /** One that follows does so from the outset: its cursor says whether it is built. */
  private static void refuseUnbuilt(Connection connection, Generation generation)
      throws SQLException, NotVerifiableException {
    if (generation.status() == Status.FOLLOWING
        && Cursors.find(connection, generation.projection(), generation.generation()).isEmpty()) {
      throw beingBuilt(generation);
    }
  }

  private static NotVerifiableException beingBuilt(Generation generation) {
    return new NotVerifiableException(
        "generation %d of projection '%s' is being rebuilt: its read model is not whole yet. Verify it when the rebuild is done."
            .formatted(generation.generation(), generation.projection()));
  }

  private Verification verify(
      Connection snapshot, Generation generation, VerificationListener listener) throws Exception {
    Projection<?> projection = verifiable(generation);
    ReplayedHistory history = new ReplayedHistory(journal, codec, projection, generation, snapshot);
    listener.begins(generation, history.end());
    Verification verification = verify(snapshot, generation, projection, history, listener);
    refuseIfOvertaken(generation);
    return verification;
  }

  /**
   * The projection of a generation that can be verified here.
   *
   * @throws NotVerifiableException if it can't
   */
  Projection<?> verifiable(Generation generation) throws NotVerifiableException {
    if (generation.status() == Status.REBUILDING) {
      throw beingBuilt(generation);
    }
    Optional<Projection<?>> projection =
        registry.find(generation.projection(), generation.version());
    return projection.orElseThrow(
        () ->
            new NotVerifiableException(
                "this node has no handler for version %d of projection '%s'. Ask a node that has."
                    .formatted(generation.version(), generation.projection())));
  }

  private Verification verify(
      Connection snapshot,
      Generation generation,
      Projection<?> projection,
      ReplayedHistory history,
      VerificationListener listener)
      throws Exception {
    SearchPath.beginWith(snapshot, generation.place());
    TableCatalog catalog =
        TableCatalog.read(snapshot, generation.projection(), tables.apply(generation.projection()));
    List<TableDifference> differences =
        catalog.absent().isEmpty()
            ? compare(
                snapshot,
                catalog,
                new HandlerTarget(projection, generation.generation()),
                history,
                listener)
            : withoutTables(catalog);
    return new Verification(
        generation.projection(),
        generation.generation(),
        history.end(),
        history.applied(),
        history.open(),
        history.leftOutAsDiscarded(),
        differences);
  }

  private List<TableDifference> compare(
      Connection snapshot,
      TableCatalog catalog,
      HandlerTarget target,
      ReplayedHistory history,
      VerificationListener listener)
      throws Exception {
    List<TableDifference> differences = new ArrayList<>();
    try (ScratchTables scratch = new ScratchTables(database);
        Applier applier = new Applier()) {
      scratch.create(catalog.copies());
      for (ReplayedHistory.Page page = history.next(PAGE);
          page.looked() > 0;
          page = history.next(PAGE)) {
        history.applied(scratch.apply(applier, target, page.events()));
        listener.goesOn(history.progress());
      }
      for (ComparedTable table : catalog.tables()) {
        differences.add(TableComparison.of(table, snapshot, scratch.connection()));
        listener.goesOn(history.progress());
      }
    }
    return differences;
  }

  /** The handler would fail on the first event. */
  private static List<TableDifference> withoutTables(TableCatalog catalog) {
    String absent = String.join(", ", catalog.absent());
    List<TableDifference> differences = new ArrayList<>();
    for (String table : catalog.absent()) {
      differences.add(new TableDifference(table, false, 0, 0, 0, true, List.of(), List.of()));
    }
    for (ComparedTable table : catalog.tables()) {
      String reason =
          "table %s was not compared: without %s no event can be applied. Rebuild the projection under a raised version, which makes its tables anew"
              .formatted(table.name(), absent);
      differences.add(
          new TableDifference(table.name(), true, 0, 0, 0, true, List.of(reason), List.of()));
    }
    return differences;
  }

  /** TRUNCATE empties a table for older snapshots, too. */
  private void refuseIfOvertaken(Generation verified) throws Exception {
    Optional<Generation> now =
        database.inTransaction(
            connection ->
                Generations.find(connection, verified.projection(), verified.generation()));
    if (now.isEmpty()) {
      throw new NotVerifiableException(
          "a rebuild of projection '%s' began while generation %d was verified, and empties its tables. Verify it when the rebuild is done."
              .formatted(verified.projection(), verified.generation()));
    }
  }
}
