package dev.kintsugi.runtime.internal.writer;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import dev.kintsugi.projections.Subscription;
import dev.kintsugi.runtime.internal.event.EventCodec;
import dev.kintsugi.runtime.internal.event.EventJournal;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.event.NewEvent;
import dev.kintsugi.runtime.internal.handler.Applier;
import dev.kintsugi.runtime.internal.handler.Applier.OnThrow;
import dev.kintsugi.runtime.internal.handler.FailureLog;
import dev.kintsugi.runtime.internal.handler.HandlerException;
import dev.kintsugi.runtime.internal.handler.HandlerTarget;
import dev.kintsugi.runtime.internal.handler.ProjectionRegistry;
import dev.kintsugi.runtime.internal.handler.SharedRows;
import dev.kintsugi.runtime.internal.skip.NewSkip;
import dev.kintsugi.runtime.internal.skip.SkipRecord;
import dev.kintsugi.runtime.internal.skip.SkipRecords;
import dev.kintsugi.runtime.internal.state.Subscriptions;
import dev.kintsugi.runtime.internal.state.Subscriptions.Version;
import dev.kintsugi.runtime.persistence.AppendRejectedException;
import dev.kintsugi.runtime.persistence.UnsafeTransactionException;
import dev.kintsugi.runtime.skip.SkipOutcome;
import dev.kintsugi.runtime.skip.SkipReason;
import dev.kintsugi.runtime.status.Generation;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The writer's protocol (DESIGN 5), in a transaction that the caller owns, commits and rolls back.
 *
 * <p>For each generation in the database and each event that it subscribes to, exactly one of: it
 * is <em>applied</em>; older open records of its stream are applied and archived first
 * (<em>help</em>), then it is applied; or it is <em>recorded</em>, with the reason. Threads may
 * share a writer; each brings its own {@link Applier}.
 */
public final class InlineWriter {

  private static final int EVENTS_IN_A_STEP = 16;

  private final ProjectionRegistry registry;
  private final AppendAndConsult appendAndConsult;
  private final StreamHelp helper;
  private final FailureLog failureLog = new FailureLog(LoggerFactory.getLogger(InlineWriter.class));

  /**
   * A writer to a journal.
   *
   * @param helpLimit with how many open records of a stream a writer helps; with more, it records
   */
  public InlineWriter(
      EventJournal journal, EventCodec codec, ProjectionRegistry registry, int helpLimit) {
    this.registry = registry;
    this.appendAndConsult = new AppendAndConsult(journal, helpLimit);
    this.helper = new StreamHelp(journal, codec, registry, helpLimit);
  }

  /**
   * Appends events, those of each stream in sequence, and does for each projection what its row
   * says.
   *
   * @param expected where the streams are expected to end; empty if nothing is expected
   * @param failures what is known of earlier runs. On a {@link HandlerException} the caller rolls
   *     back, adds it to these, and runs the whole again.
   * @throws UnsafeTransactionException if the transaction is not one on READ COMMITTED
   * @throws ConflictException if a stream does not end where it is expected to; or it is a unique
   *     violation that says so
   * @throws AppendRejectedException if a handler failed and its projection's policy is to reject
   * @throws NotNowException if so, and what others do kept it from applying the event
   * @throws HandlerException if a handler failed, and its policy is to skip, or it failed on an
   *     older event
   * @throws SQLException if the database says no. After any of these the transaction must be rolled
   *     back, to where it was before the append at least.
   */
  public WrittenAppend write(
      Connection connection,
      Applier applier,
      List<NewEvent> events,
      List<StreamEnd> expected,
      KnownFailures failures)
      throws Exception {
    long begin = System.nanoTime();
    ConsultedRows consulted = appendAndConsult.run(connection, events, expected);
    long consultNanos = System.nanoTime() - begin;
    List<JournalEvent> appended = new ArrayList<>(events.size());
    for (int i = 0; i < events.size(); i++) {
      appended.add(events.get(i).appendedAt(consulted.orderings()[i]));
    }

    WrittenAppend written = WrittenAppend.at(consulted.orderings(), consultNanos);
    StreamHelp.Locked held = helper.lock(connection, consulted.views(), appended);
    Map<Version, Subscription<Object>> foreign = subscriptionsOfOthers(connection, consulted);
    List<NewSkip> skips = new ArrayList<>();
    for (ConsultedRows.View view : consulted.views()) {
      new GenerationWrite(connection, applier, failures, held, view, foreign, skips, written)
          .run(appended);
    }
    SkipRecords.insert(connection, skips);
    return written;
  }

  /**
   * What versions may subscribe to that this build lacks. A row and its version's subscription
   * become visible in one commit, and this looks after the row was read: so what is missing here is
   * unknown. Where this build has all, it asks nothing.
   */
  private Map<Version, Subscription<Object>> subscriptionsOfOthers(
      Connection connection, ConsultedRows consulted) throws SQLException {
    List<Version> lacking =
        consulted.views().stream()
            .flatMap(view -> versions(view.generation()))
            .filter(version -> registry.find(version.projection(), version.version()).isEmpty())
            .toList();
    return lacking.isEmpty() ? Map.of() : Subscriptions.find(connection, lacking);
  }

  /** The version that a generation has, and the one that it may still return to. */
  private static Stream<Version> versions(Generation generation) {
    return Stream.concat(
            Stream.of(generation.version()), Optional.ofNullable(generation.returnsTo()).stream())
        .map(version -> new Version(generation.projection(), version));
  }

  /** One generation's part of an append. */
  private final class GenerationWrite {
    private final Connection connection;
    private final Applier applier;
    private final KnownFailures failures;
    private final StreamHelp.Locked held;
    private final ConsultedRows.View view;
    private final List<NewSkip> skips;
    private final WrittenAppend.Counts counts;
    private final Optional<HandlerTarget> target;

    /** What versions may subscribe to that this build lacks, as far as the database knows. */
    private final Map<Version, Subscription<Object>> foreign;

    /**
     * Older records that this append helped with; archived once their events are surely applied.
     */
    private final List<SkipRecord> helped = new ArrayList<>();

    private final List<SkipRecord> unsubscribed = new ArrayList<>();

    private boolean ownsSharedRows;

    /** A savepoint, and what was applied since; only where one more failure is expected. */
    private @Nullable Savepoint step;

    private final List<JournalEvent> inStep = new ArrayList<>();

    /** Streams that later events of this append may not be applied to any more. */
    private final Set<String> blocked = new HashSet<>();

    GenerationWrite(
        Connection connection,
        Applier applier,
        KnownFailures failures,
        StreamHelp.Locked held,
        ConsultedRows.View view,
        Map<Version, Subscription<Object>> foreign,
        List<NewSkip> skips,
        WrittenAppend written) {
      this.connection = connection;
      this.applier = applier;
      this.failures = failures;
      this.held = held;
      this.view = view;
      this.skips = skips;
      this.counts = written.of(view.generation());
      this.target = registry.target(view.generation());
      this.foreign = foreign;
    }

    void run(List<JournalEvent> appended) throws Exception {
      for (JournalEvent event : appended) {
        if (maySubscribe(event)) {
          applyHelpOrRecord(event);
        }
      }
      endStep();
      if (target.isPresent()) {
        applier.finish(connection, target.get());
      }
      SkipRecords.archive(connection, helped, SkipOutcome.APPLIED);
      SkipRecords.archive(connection, unsubscribed, SkipOutcome.UNSUBSCRIBED);
    }

    /**
     * Whether the generation's version subscribes to an event, or the one that it may still return
     * to. Of a version that this build lacks: whether it may, for all that is known.
     */
    private boolean maySubscribe(JournalEvent event) {
      if (target.isPresent() && view.generation().returnsTo() == null) {
        return Applier.isSubscribed(target.get().projection(), event);
      }
      return versions(view.generation()).anyMatch(version -> maySubscribe(version, event));
    }

    private boolean maySubscribe(Version version, JournalEvent event) {
      Optional<Projection<?>> here = registry.find(version.projection(), version.version());
      if (here.isPresent()) {
        return Applier.isSubscribed(here.get(), event);
      }
      Subscription<Object> stored = foreign.get(version);
      return stored == null || stored.includes(event.persistenceId(), event.tags());
    }

    private void applyHelpOrRecord(JournalEvent event) throws Exception {
      switch (view.generation().status()) {
        case FOLLOWING -> {} // the consult leaves them out
        case REBUILDING -> record(event, SkipReason.REBUILDING);
        case ACTIVE -> {
          if (view.generation().paused()) {
            record(event, SkipReason.PAUSED);
          } else if (target.isEmpty()) {
            record(event, SkipReason.NO_HANDLER);
          } else {
            helpAndApply(event, target.get());
          }
        }
      }
    }

    private void helpAndApply(JournalEvent event, HandlerTarget target) throws Exception {
      if (!ownsSharedRows) {
        SharedRows.lock(connection, target.projection());
        ownsSharedRows = true;
      }
      if (isBlocked(event.persistenceId(), target)) {
        record(event, SkipReason.BEHIND);
      } else {
        apply(event, target);
      }
    }

    /**
     * Whether an older record of the stream stays open; those that can be mended now are, first.
     */
    private boolean isBlocked(String persistenceId, HandlerTarget target) throws Exception {
      if (blocked.contains(persistenceId)) {
        return true;
      }
      if (!view.open().containsKey(persistenceId)) {
        return false;
      }
      endStep();
      StreamHelp.Helped done = held.help(connection, applier, failures, target, persistenceId);
      helped.addAll(done.applied());
      unsubscribed.addAll(done.unsubscribed());
      counts.helped(done.records());
      if (!done.mended()) {
        blocked.add(persistenceId);
        return true;
      }
      view.open().remove(persistenceId);
      return false;
    }

    private void apply(JournalEvent event, HandlerTarget target) throws Exception {
      Optional<HandlerException> known = failures.of(target, event);
      if (known.isPresent()) {
        refuseIfRejected(known.get());
        recordFailed(event, known.get());
        return;
      }
      OnThrow onThrow = failures.onThrow(target);
      if (onThrow == OnThrow.ROLL_BACK && failures.isExpected(target)) {
        applyInStep(event, target);
        return;
      }
      try {
        applier.apply(connection, target, event, onThrow);
        counts.applied();
      } catch (HandlerException e) {
        refuseIfRejected(e);
        if (onThrow == OnThrow.ROLL_BACK) {
          throw e;
        }
        recordFailed(event, e);
      }
    }

    /**
     * Applies an event behind a savepoint that it shares with some before it. If it fails, these
     * are applied again, and nothing else of the append is.
     */
    private void applyInStep(JournalEvent event, HandlerTarget target) throws Exception {
      if (step == null) {
        step = connection.setSavepoint();
      }
      try {
        applier.apply(connection, target, event, OnThrow.ROLL_BACK);
        inStep.add(event);
        counts.applied();
      } catch (HandlerException e) {
        refuseIfRejected(e);
        connection.rollback(step);
        applier.forget();
        recordFailed(event, e);
        for (JournalEvent before : inStep) {
          applier.apply(connection, target, before, OnThrow.ROLL_BACK);
        }
      }
      if (inStep.size() == EVENTS_IN_A_STEP) {
        endStep();
      }
    }

    private void endStep() throws SQLException {
      if (step != null) {
        connection.releaseSavepoint(step);
        step = null;
        inStep.clear();
      }
    }

    /** An append is rejected for what readers see, and for nothing else (DESIGN 7). */
    private void refuseIfRejected(HandlerException error)
        throws AppendRejectedException, NotNowException {
      if (view.generation().serving()
          && error.policy().onAppend() == FailurePolicy.OnAppend.REJECT) {
        if (error.isNotNow()) {
          throw new NotNowException(error);
        }
        throw new AppendRejectedException(
            error.projection(), error.persistenceId(), error.sequenceNumber(), error);
      }
    }

    private void recordFailed(JournalEvent event, HandlerException error) {
      failureLog.warn(
          "Projection '{}' can't apply event {} of stream {}; it is recorded as FAILED, and recovery"
              + " tries it again. Later events of this stream wait behind it.",
          view.generation().projection(),
          event.sequenceNumber(),
          event.persistenceId(),
          error.why());
      add(
          event,
          SkipReason.FAILED,
          new NewSkip.Failure(error.describe(), error.policy().pauseAfter(1)));
      blocked.add(event.persistenceId());
    }

    private void record(JournalEvent event, SkipReason reason) {
      add(event, reason, null);
    }

    private void add(JournalEvent event, SkipReason reason, NewSkip.@Nullable Failure failure) {
      skips.add(
          new NewSkip(
              view.generation().projection(),
              view.generation().generation(),
              event.persistenceId(),
              event.sequenceNumber(),
              event.ordering(),
              reason,
              failure));
      counts.recorded(reason);
    }
  }
}
