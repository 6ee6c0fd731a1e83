package dev.kintsugi.runtime.internal.handler;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.internal.access.SharedSecrets;
import dev.kintsugi.projections.internal.text.StorableText;
import dev.kintsugi.runtime.internal.event.JournalEvent;
import dev.kintsugi.runtime.internal.jdbc.SqlStates;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A handler could not apply an event, and neither the database nor a race is to blame. The
 * transaction's state is then unknown: it must be rolled back, whole or to a savepoint.
 */
public final class HandlerException extends Exception {
  private static final long serialVersionUID = 1L;

  private static final int LONGEST = 4_000;
  private static final int DEEPEST_CAUSE = 20;
  private static final String OURS = Applier.class.getName();

  /** How long what nobody is to blame for is retried, if its policy says less. */
  private static final FailurePolicy AT_LEAST = FailurePolicy.skip();

  private final Throwable why;
  private final transient FailurePolicy policy;
  private final GenerationKey target;
  private final @Nullable String place;
  private final String persistenceId;
  private final long sequenceNumber;
  private final boolean ofOneEvent;
  private final boolean isNotNow;

  HandlerException(HandlerTarget target, JournalEvent event, Throwable cause) {
    this(target, List.of(event), cause);
  }

  /** One of some events can't be applied; which, only a run with one event a call can tell. */
  HandlerException(HandlerTarget target, List<JournalEvent> events, Throwable cause) {
    super(
        StorableText.repaired(
            "projection '%s' can't apply %s: %s"
                .formatted(target.projection().name(), forPeople(events), cause)),
        cause);
    this.why = cause;
    this.isNotNow = SqlStates.isNotNow(cause);
    FailurePolicy ofError = target.projection().failurePolicy().forError(cause);
    this.policy = isNotNow ? blamingNobody(ofError) : ofError;
    this.target = target.key();
    this.place = SharedSecrets.definitionOf(target.projection()).place();
    this.persistenceId = events.get(0).persistenceId();
    this.sequenceNumber = events.get(0).sequenceNumber();
    this.ofOneEvent = events.size() == 1;
  }

  /** Whether an error says nothing of the handler or the event: the JVM is out of memory, say. */
  static boolean isJvmAtFault(Throwable error) {
    return error instanceof VirtualMachineError && !(error instanceof StackOverflowError);
  }

  /** The event may be as good as any: it is retried for a while, and never discarded. */
  private static FailurePolicy blamingNobody(FailurePolicy policy) {
    FailurePolicy patient =
        policy.maxElapsed().compareTo(AT_LEAST.maxElapsed()) < 0
            ? policy.retry(AT_LEAST.maxElapsed(), AT_LEAST.backoff())
            : policy;
    return patient.onGivingUp() == FailurePolicy.OnGivingUp.DISCARD ? patient.thenStop() : patient;
  }

  private static String forPeople(List<JournalEvent> events) {
    String first = events.get(0).forPeople();
    return events.size() == 1
        ? first
        : "%s, or one of the %d events after it".formatted(first, events.size() - 1);
  }

  /**
   * The cause with its stack, as text that a skip record can keep: down to where the handler was
   * called. What is below that is the same for all, and a storm of failures writes it often.
   */
  public String describe() {
    StringBuilder text = new StringBuilder();
    int depth = 0;
    for (Throwable t = why;
        t != null && depth < DEEPEST_CAUSE && text.length() <= LONGEST;
        t = t.getCause(), depth++) {
      text.append(depth == 0 ? "" : "Caused by: ").append(t).append('\n');
      appendStack(text, t.getStackTrace());
    }
    return StorableText.shortened(StorableText.repaired(text.toString()).stripTrailing(), LONGEST);
  }

  private static void appendStack(StringBuilder text, StackTraceElement[] stack) {
    for (int i = 0; i < stack.length && text.length() <= LONGEST; i++) {
      if (stack[i].getClassName().startsWith(OURS)) {
        text.append("\t... ").append(stack.length - i).append(" more\n");
        return;
      }
      text.append("\tat ").append(stack[i]).append('\n');
    }
  }

  /** What the handler threw, or why the event can't be deserialized. */
  public Throwable why() {
    return why;
  }

  /** The cause in one line, for a message. */
  public String firstLine() {
    return StorableText.repaired(why.toString()).lines().findFirst().orElse("");
  }

  /** Whether it is known which event is at fault; if not, it is one of several from this one on. */
  public boolean isOfOneEvent() {
    return ofOneEvent;
  }

  /**
   * Whether others kept the handler from applying it, again and again: by locks, or by cancelling
   * its statement. See {@link SqlStates#isNotNow}.
   */
  public boolean isNotNow() {
    return isNotNow;
  }

  /**
   * The projection's policy for this error. One that {@link #isNotNow} is retried for ten minutes
   * at least, and where the policy is to discard it, it stops the projection instead.
   */
  public FailurePolicy policy() {
    return policy;
  }

  public String projection() {
    return target.projection();
  }

  /** Of which generation the event could not be applied to. */
  public GenerationKey target() {
    return target;
  }

  /** In which schema the generation had its tables; null if it had none of its own. */
  public @Nullable String place() {
    return place;
  }

  public String persistenceId() {
    return persistenceId;
  }

  public long sequenceNumber() {
    return sequenceNumber;
  }
}
