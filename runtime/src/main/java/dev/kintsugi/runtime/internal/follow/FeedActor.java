package dev.kintsugi.runtime.internal.follow;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.jspecify.annotations.Nullable;

/**
 * Reads the journal's end once for all followers of a node. Each asks for what is behind its
 * position when it has dealt with the last page; so a slow one is behind, and takes no memory. The
 * latest pages are kept, up to a bound; who is further behind is told to read by itself.
 */
final class FeedActor {

  sealed interface Command {}

  /**
   * Asks for what is behind a follower's position; there is one answer, as soon as there is
   * something final, or its cursor was stored. Until then the follower does nothing.
   *
   * @param isTagged whether the follower needs the events' tags
   */
  record Next(Standing at, boolean isTagged, ActorRef<Answer> replyTo) implements Command {
    long after() {
      return at.position();
    }
  }

  private record Ended(ActorRef<Answer> follower) implements Command {}

  private record FinalUpTo(int epoch, Optional<Long> ordering) implements Command {}

  private record PageRead(int epoch, JournalPage page) implements Command {}

  private record Failed(int epoch, Throwable cause) implements Command {}

  private record Again() implements Command {}

  private record Store() implements Command {}

  private record CursorsStored(List<FollowStep> steps) implements Command {}

  private record StoreFailed(Throwable cause) implements Command {}

  sealed interface Answer {}

  /** The next page, or what of it is behind the follower's position. */
  record Page(JournalPage page) implements Answer {}

  /** The follower is far behind: it is to read by itself, up to what is final. */
  record Far(long upTo) implements Answer {}

  /** There was nothing behind its position, and its cursor was stored meanwhile, or not: why. */
  record Stored(FollowStep step) implements Answer {}

  /** Who is behind by more than so many pages reads by itself. */
  private static final int NEAR_PAGES = 4;

  private static final Duration PAUSE = Duration.ofMillis(500);

  /** How long the cursor of a follower that waits may be behind what it has looked at. */
  private static final Duration STORED_AFTER = Duration.ofSeconds(1);

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final SharedJournal journal;
  private final OutageLog outages;

  /** Who has ever asked, and whether it needs tags. */
  private final Map<ActorRef<Answer>, Boolean> followers = new HashMap<>();

  private final List<Next> waiting = new ArrayList<>();

  /** Who is ahead of its cursor, which is being stored: answered when that is done. */
  private List<Next> storing = List.of();

  /** The latest pages, each beginning where the one before ended. */
  private final Deque<JournalPage> pages = new ArrayDeque<>();

  private long bytes;
  private long finalOrdering;
  private @Nullable SinkQueueWithCancel<Long> finality;
  private boolean pulling;
  private boolean reading;

  /** Rises whenever all is forgotten: what was asked for before that is of no use. */
  private int epoch;

  private FeedActor(
      ActorContext<Command> context, TimerScheduler<Command> timers, SharedJournal journal) {
    this.context = context;
    this.timers = timers;
    this.journal = journal;
    this.outages = new OutageLog(context.getLog());
  }

  static Behavior<Command> create(SharedJournal journal) {
    return Behaviors.setup(
        context -> {
          context.setLoggerName(FeedActor.class);
          return Behaviors.withTimers(timers -> new FeedActor(context, timers, journal).feeding());
        });
  }

  private Behavior<Command> feeding() {
    return Behaviors.receive(Command.class)
        .onMessage(Next.class, this::onNext)
        .onMessage(Ended.class, this::onEnded)
        .onMessage(FinalUpTo.class, this::onFinal)
        .onMessage(PageRead.class, this::onPageRead)
        .onMessage(Failed.class, this::onFailed)
        .onMessage(Again.class, again -> serve())
        .onMessage(Store.class, store -> onStore())
        .onMessage(CursorsStored.class, this::onCursorsStored)
        .onMessage(StoreFailed.class, this::onStoreFailed)
        .onSignal(PostStop.class, signal -> forgetAll())
        .onSignal(PreRestart.class, signal -> forgetAll())
        .build();
  }

  private Behavior<Command> onNext(Next next) {
    if (followers.put(next.replyTo(), next.isTagged()) == null) {
      context.watchWith(next.replyTo(), new Ended(next.replyTo()));
    }
    waiting.removeIf(older -> older.replyTo().equals(next.replyTo()));
    waiting.add(next);
    if (next.at().isAhead()) {
      storeSoon();
    }
    return serve();
  }

  private Behavior<Command> onEnded(Ended ended) {
    followers.remove(ended.follower());
    waiting.removeIf(next -> next.replyTo().equals(ended.follower()));
    return followers.isEmpty() ? forgetAll() : Behaviors.same();
  }

  /** While nobody follows here, nothing is read and nothing kept. */
  private Behavior<Command> forgetAll() {
    pages.clear();
    bytes = 0;
    finalOrdering = 0;
    pulling = false;
    reading = false;
    epoch++;
    if (finality != null) {
      finality.cancel();
      finality = null;
    }
    return Behaviors.same();
  }

  private Behavior<Command> onFinal(FinalUpTo upTo) {
    if (upTo.epoch() != epoch) {
      return Behaviors.same();
    }
    pulling = false;
    finalOrdering = Math.max(finalOrdering, upTo.ordering().orElse(0L));
    return upTo.ordering().isPresent() ? serve() : forgetAll(); // the system is ending
  }

  private Behavior<Command> onPageRead(PageRead read) {
    if (read.epoch() != epoch) {
      return Behaviors.same();
    }
    reading = false;
    if (!pages.isEmpty() && pages.getLast().upTo() != read.page().after()) {
      pages.clear();
      bytes = 0;
    }
    pages.addLast(read.page());
    bytes += read.page().bytes();
    serve();
    while (pages.size() > 1 && bytes > journal.settings().memory()) {
      bytes -= pages.removeFirst().bytes();
    }
    return Behaviors.same();
  }

  /** The database is at fault, or it is another one by now: what was known may not be so. */
  private Behavior<Command> onFailed(Failed failed) {
    if (failed.epoch() != epoch) {
      return Behaviors.same();
    }
    outages.warn("The journal can't be followed, and is looked at again", failed.cause());
    forgetAll();
    long pause = PAUSE.toMillis();
    timers.startSingleTimer(
        new Again(), Duration.ofMillis(ThreadLocalRandom.current().nextLong(pause, 3 * pause)));
    return Behaviors.same();
  }

  private void storeSoon() {
    if (storing.isEmpty() && !timers.isTimerActive(new Store())) {
      timers.startSingleTimer(new Store(), STORED_AFTER);
    }
  }

  /** Stores, in one transaction, the cursors of all who wait for something of interest. */
  private Behavior<Command> onStore() {
    List<Next> due = waiting.stream().filter(next -> next.at().isAhead()).toList();
    if (!due.isEmpty()) {
      waiting.removeAll(due);
      storing = due;
      List<Standing> standing = due.stream().map(Next::at).toList();
      context.pipeToSelf(
          journal.node().inTransaction(connection -> IdleCursors.store(connection, standing)),
          (steps, error) -> error == null ? new CursorsStored(steps) : new StoreFailed(error));
    }
    return Behaviors.same();
  }

  private Behavior<Command> onCursorsStored(CursorsStored stored) {
    List<Next> answered = storing;
    storing = List.of();
    for (int i = 0; i < answered.size(); i++) {
      answered.get(i).replyTo().tell(new Stored(stored.steps().get(i)));
    }
    if (waiting.stream().anyMatch(next -> next.at().isAhead())) {
      storeSoon();
    }
    return Behaviors.same();
  }

  /** They go on waiting; nothing is lost but what they would look at again after a crash. */
  private Behavior<Command> onStoreFailed(StoreFailed failed) {
    outages.warn(
        "The cursors of %d projections can't be stored, which is tried again"
            .formatted(storing.size()),
        failed.cause());
    storing.stream().filter(next -> followers.containsKey(next.replyTo())).forEach(waiting::add);
    storing = List.of();
    storeSoon();
    return serve();
  }

  /** Answers who can be answered, and reads on for the others. */
  private Behavior<Command> serve() {
    OptionalLong toRead = answer();
    if (timers.isTimerActive(new Again())) {
      return Behaviors.same();
    }
    if (toRead.isPresent() && !reading) {
      read(toRead.getAsLong());
    } else if (toRead.isEmpty() && !waiting.isEmpty() && !pulling) {
      pull();
    }
    return Behaviors.same();
  }

  /** Behind what the next page is wanted first; empty if all wait for what is not final yet. */
  private OptionalLong answer() {
    long first = Long.MAX_VALUE;
    for (Iterator<Next> each = waiting.iterator(); each.hasNext(); ) {
      Next next = each.next();
      Optional<Answer> answer = answerTo(next);
      if (answer.isPresent()) {
        each.remove();
        next.replyTo().tell(answer.get());
      } else if (next.after() < finalOrdering) {
        first = Math.min(first, next.after());
      }
    }
    return first == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(first);
  }

  private Optional<Answer> answerTo(Next next) {
    if (next.after() >= finalOrdering) {
      return Optional.empty();
    }
    for (JournalPage page : pages) {
      if (page.covers(next.after())) {
        return Optional.of(
            next.isTagged() && !page.isTagged()
                ? new Far(finalOrdering)
                : new Page(page.behind(next.after())));
      }
    }
    boolean isFar =
        finalOrdering - next.after() > (long) NEAR_PAGES * journal.settings().batchSize()
            || (!pages.isEmpty() && next.after() < pages.getFirst().after());
    return isFar ? Optional.of(new Far(finalOrdering)) : Optional.empty();
  }

  private void read(long after) {
    reading = true;
    int now = epoch;
    long upTo = finalOrdering;
    boolean isTagged = followers.containsValue(true);
    int size = journal.settings().batchSize();
    context.pipeToSelf(
        journal
            .node()
            .inTransaction(
                connection -> journal.reader().read(connection, after, upTo, size, isTagged)),
        (page, error) -> error == null ? new PageRead(now, page) : new Failed(now, error));
  }

  private void pull() {
    if (finality == null) {
      finality = journal.finalAbove(finalOrdering).runWith(Sink.queue(), context.getSystem());
    }
    pulling = true;
    int now = epoch;
    context.pipeToSelf(
        finality.pull(),
        (ordering, error) -> error == null ? new FinalUpTo(now, ordering) : new Failed(now, error));
  }
}
