package dev.kintsugi.runtime.internal.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings that are right one by one and wrong together. What can't work as it is set is refused at
 * start; what works, and worse than it could, is logged once. Both name the keys, their values, and
 * what to do. What contradicts itself within one section is refused by that section's record.
 */
final class ContradictingSettings {

  private static final Logger log = LoggerFactory.getLogger(ContradictingSettings.class);

  private static final String POOL_SIZE = "kintsugi.jdbc.pool-size";
  private static final String CONNECTION_TIMEOUT = "kintsugi.jdbc.connection-timeout";
  private static final String ANSWER_TIMEOUT = "kintsugi.jdbc.answer-timeout";
  private static final String LONG_ANSWER_TIMEOUT = "kintsugi.jdbc.long-answer-timeout";
  private static final String IDLE_IN_TRANSACTION = "kintsugi.jdbc.idle-in-transaction-timeout";
  private static final String LANES = "kintsugi.journal.lanes";
  private static final String JOURNAL_ANSWER_TIMEOUT = "kintsugi.journal.answer-timeout";
  private static final String JOURNAL_CALL_TIMEOUT =
      "kintsugi.journal.circuit-breaker.call-timeout";
  private static final String SNAPSHOT_CALL_TIMEOUT =
      "kintsugi.snapshot-store.circuit-breaker.call-timeout";

  /** A dispatcher's threads, if it has a fixed number of them. */
  private static final String THREADS = ".thread-pool-executor.fixed-pool-size";

  private static final String BLOCKING = "kintsugi.blocking-dispatcher";
  private static final String FOLLOWERS = "kintsugi.follow.parallelism";
  private static final String VERIFICATION = "kintsugi.verification-dispatcher";

  private final Config config;

  private ContradictingSettings(Config config) {
    this.config = config;
  }

  /**
   * Looks through a configuration.
   *
   * @throws IllegalArgumentException if two of its settings can't both be meant
   */
  static void refuse(Config config) {
    ContradictingSettings settings = new ContradictingSettings(config);
    settings.connections();
    settings.answers();
    settings.transactions();
    settings.work();
    settings.hosting();
  }

  /** Who shares the pool, and whether that can leave somebody without a connection. */
  private void connections() {
    int poolSize = config.getInt(POOL_SIZE);
    Optional<Integer> lanes = number(LANES);
    Optional<Integer> blocking = threads(BLOCKING);
    if (lanes.isPresent() && lanes.get() >= poolSize) {
      throw contradiction(
          POOL_SIZE,
          "more than",
          LANES,
          "the lanes alone could take all connections, and actors would fail to recover while others write");
    }
    if (blocking.isPresent() && blocking.get() >= poolSize) {
      throw contradiction(
          POOL_SIZE,
          "more than",
          BLOCKING + THREADS,
          "rebuilds and recovery alone could take all connections, and appends would fail after "
              + CONNECTION_TIMEOUT);
    }
    if (lanes.isPresent() && blocking.isPresent() && lanes.get() + blocking.get() > poolSize) {
      log.warn(
          "{} ({}) is less than {} ({}) and {} ({}) together: while rebuilds and recovery keep all"
              + " their threads busy, lanes of the journal wait for connections. Raise the first, or"
              + " lower the others.",
          POOL_SIZE,
          poolSize,
          LANES,
          lanes.get(),
          BLOCKING + THREADS,
          blocking.get());
    }
    Optional<Integer> followers = number(FOLLOWERS);
    if (followers.isPresent() && blocking.isPresent() && followers.get() >= blocking.get()) {
      log.warn(
          "{} ({}) is not more than {} ({}): projections that follow can keep all threads busy, and"
              + " then recovery, rebuilds and actors wait for them. Raise the first, or lower the"
              + " second.",
          BLOCKING + THREADS,
          blocking.get(),
          FOLLOWERS,
          followers.get());
    }
    if (threads(VERIFICATION).filter(threads -> threads != 1).isPresent()) {
      throw new IllegalArgumentException(
          "%s has to be 1, and is %s: verifications of a node share three connections besides %s, and two of them at a time would wait for each other's."
              .formatted(VERIFICATION + THREADS, value(VERIFICATION + THREADS), POOL_SIZE));
    }
  }

  /** Who waits for whom: the one who is waited for has to give up first. */
  private void answers() {
    requireLonger(
        JOURNAL_CALL_TIMEOUT,
        JOURNAL_ANSWER_TIMEOUT,
        "the breaker would fail a write while its lane still waits for the database, and the writes behind it, too");
    requireLonger(
        SNAPSHOT_CALL_TIMEOUT,
        ANSWER_TIMEOUT,
        "the breaker would fail a call while its thread still waits for the database");
    for (String callTimeout : new String[] {JOURNAL_CALL_TIMEOUT, SNAPSHOT_CALL_TIMEOUT}) {
      requireLonger(
          callTimeout,
          CONNECTION_TIMEOUT,
          "the breaker would fail what still waits for a connection, and nobody would hear why there is none");
    }
    adviseSum(JOURNAL_CALL_TIMEOUT, JOURNAL_ANSWER_TIMEOUT);
    adviseSum(SNAPSHOT_CALL_TIMEOUT, ANSWER_TIMEOUT);
    adviseLonger(
        LONG_ANSWER_TIMEOUT,
        JOURNAL_ANSWER_TIMEOUT,
        "a deletion of events, which may rightly take long, is given up sooner than an append");
    adviseRecovery(
        "kintsugi.journal.recovery-event-timeout",
        "pekko.persistence.journal-plugin-fallback.recovery-event-timeout");
    adviseRecovery(
        "kintsugi.durable-state.recovery-timeout",
        "pekko.persistence.state-plugin-fallback.recovery-timeout");
  }

  private void adviseSum(String callTimeout, String answerTimeout) {
    Duration sum = config.getDuration(CONNECTION_TIMEOUT).plus(config.getDuration(answerTimeout));
    if (config.getDuration(callTimeout).compareTo(sum) <= 0) {
      log.warn(
          "{} ({}) is no longer than {} ({}) and {} ({}) together: the breaker may fail a call that"
              + " waits for a connection first and then for an answer, and nobody hears what became"
              + " of it. Raise the first, or lower one of the others.",
          callTimeout,
          value(callTimeout),
          CONNECTION_TIMEOUT,
          value(CONNECTION_TIMEOUT),
          answerTimeout,
          value(answerTimeout));
    }
  }

  private void adviseRecovery(String own, String fallback) {
    String recovery = config.hasPath(own) ? own : fallback;
    if (config.hasPath(recovery)) {
      adviseLonger(
          recovery,
          CONNECTION_TIMEOUT,
          "while there is no database, an actor that starts gives up before it hears that there is none");
    }
  }

  /** For how long a transaction may stand still, and who stands still. */
  private void transactions() {
    if (config.getDuration(IDLE_IN_TRANSACTION).isZero()) {
      return; // that is left to the server's settings
    }
    for (String batchTime :
        new String[] {"kintsugi.rebuild.batch-time", "kintsugi.recovery.batch-time"}) {
      requireLonger(
          IDLE_IN_TRANSACTION,
          batchTime,
          "a handler that works through a batch before it sends anything would have its transaction ended by the server, again and again");
    }
    adviseLonger(
        IDLE_IN_TRANSACTION,
        "kintsugi.rebuild.window-time",
        "what a fold or rows gathered for so long is made ready in one transaction, which the server may end meanwhile");
    for (String answerTimeout : new String[] {ANSWER_TIMEOUT, JOURNAL_ANSWER_TIMEOUT}) {
      adviseLonger(
          answerTimeout,
          IDLE_IN_TRANSACTION,
          "who waits for rows that a node which stands still has locked loses its connection before the server ends that node's transaction");
    }
  }

  private void work() {
    requireLonger(
        LONG_ANSWER_TIMEOUT,
        "kintsugi.rebuild.truncate-lock-timeout",
        "a rebuild that waits for readers of its read model would take the connection for lost");
    requireNoShorter("kintsugi.supervisor.max-backoff", "kintsugi.supervisor.min-backoff");
    requireNoShorter("kintsugi.rebuild.window-time", "kintsugi.rebuild.batch-time");
    String groupSize = "kintsugi.journal.group-size";
    String queueSize = "kintsugi.journal.queue-size";
    if (config.getInt(groupSize) > config.getInt(queueSize)) {
      log.warn(
          "{} ({}) is less than {} ({}): a lane never has as many writes to take. Raise the first, or"
              + " lower the second.",
          queueSize,
          value(queueSize),
          groupSize,
          value(groupSize));
    }
    adviseLonger(
        "kintsugi.housekeeping.interval",
        "kintsugi.housekeeping.after-drain",
        "tables are looked at before the pause after a drain is over, which then means nothing");
  }

  private void hosting() {
    String role = config.getString("kintsugi.hosting.role");
    String mode = config.getString("kintsugi.hosting.mode");
    String provider = config.getString("pekko.actor.provider");
    boolean isLocal =
        mode.equals("local")
            || (mode.equals("auto") && !provider.toLowerCase(Locale.ROOT).contains("cluster"));
    if (!role.isEmpty() && isLocal) {
      log.warn(
          "kintsugi.hosting.role ({}) means nothing where kintsugi.hosting.mode is {} and"
              + " pekko.actor.provider is {}: each node hosts what it starts. Leave out the role, or"
              + " have the projections sharded.",
          role,
          mode,
          provider);
    }
  }

  private void requireLonger(String longer, String shorter, String otherwise) {
    if (isNoLonger(longer, shorter)) {
      throw contradiction(longer, "longer than", shorter, otherwise);
    }
  }

  private void requireNoShorter(String longer, String shorter) {
    if (config.getDuration(longer).compareTo(config.getDuration(shorter)) < 0) {
      throw new IllegalArgumentException(
          "%s (%s) can't be shorter than %s (%s). Raise the first, or lower the second."
              .formatted(longer, value(longer), shorter, value(shorter)));
    }
  }

  private void adviseLonger(String longer, String shorter, String otherwise) {
    if (isNoLonger(longer, shorter)) {
      log.warn(
          "{} ({}) should be longer than {} ({}): as it is, {}. Raise the first, or lower the second.",
          longer,
          value(longer),
          shorter,
          value(shorter),
          otherwise);
    }
  }

  private boolean isNoLonger(String longer, String shorter) {
    return config.getDuration(longer).compareTo(config.getDuration(shorter)) <= 0;
  }

  private IllegalArgumentException contradiction(
      String greater, String than, String lesser, String otherwise) {
    return new IllegalArgumentException(
        "%s (%s) has to be %s %s (%s): as it is, %s. Raise the first, or lower the second."
            .formatted(greater, value(greater), than, lesser, value(lesser), otherwise));
  }

  /** As it was written, "45s" perhaps. */
  private String value(String key) {
    return String.valueOf(config.getValue(key).unwrapped());
  }

  /** Empty of a dispatcher whose threads are not counted, as virtual ones. */
  private Optional<Integer> threads(String dispatcher) {
    return config.getString(dispatcher + ".executor").equals("thread-pool-executor")
        ? number(dispatcher + THREADS)
        : Optional.empty();
  }

  /** Empty of a word, as "auto" or "off". */
  private Optional<Integer> number(String key) {
    try {
      return config.hasPath(key) ? Optional.of(config.getInt(key)) : Optional.empty();
    } catch (ConfigException.WrongType word) {
      return Optional.empty();
    }
  }
}
