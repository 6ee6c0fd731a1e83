package dev.kintsugi.runtime.supervisor;

import dev.kintsugi.runtime.operations.Request;
import dev.kintsugi.runtime.operations.SkipAnswer;
import dev.kintsugi.runtime.operations.SkipDetails;
import dev.kintsugi.runtime.operations.SkipPage;
import dev.kintsugi.runtime.operations.SkipsAnswer;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipFilter;
import dev.kintsugi.runtime.skip.SkipId;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.pattern.StatusReply;

/** What a projection's supervisor can be asked about its open skip records. */
public sealed interface SkipCommand extends ProjectionSupervisor.Command {

  /**
   * Asks for some of them.
   *
   * @param afterOrdering 0, or what the page before named as the next
   */
  record ListSkips(
      SkipFilter filter, long afterOrdering, int limit, ActorRef<StatusReply<SkipPage>> replyTo)
      implements SkipCommand {}

  /** Asks for one in full; the answer is empty if it is not open. */
  record FindSkip(SkipId id, ActorRef<StatusReply<Optional<SkipDetails>>> replyTo)
      implements SkipCommand {}

  /** Has one tried again, if it is as it was seen. */
  record RetrySkip(OpenSkip seen, Request request, ActorRef<StatusReply<SkipAnswer>> replyTo)
      implements SkipCommand {}

  /** Gives one up for good, if it is as it was seen. */
  record DiscardSkip(OpenSkip seen, Request request, ActorRef<StatusReply<SkipAnswer>> replyTo)
      implements SkipCommand {}

  /** Has all tried again that a filter means. */
  record RetrySkips(
      SkipFilter filter,
      Request request,
      boolean dryRun,
      ActorRef<StatusReply<SkipsAnswer>> replyTo)
      implements SkipCommand {}

  /** Gives all up that a filter means. */
  record DiscardSkips(
      SkipFilter filter,
      Request request,
      boolean dryRun,
      ActorRef<StatusReply<SkipsAnswer>> replyTo)
      implements SkipCommand {}
}
