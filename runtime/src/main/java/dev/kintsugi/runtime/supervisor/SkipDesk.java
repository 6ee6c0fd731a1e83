package dev.kintsugi.runtime.supervisor;

import dev.kintsugi.runtime.node.Node;
import dev.kintsugi.runtime.operations.SkipOperations;
import java.util.concurrent.Callable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.pattern.StatusReply;

/** Carries out skip commands on blocking threads, and answers from there. */
final class SkipDesk {

  private final Node node;
  private final SkipOperations operations;
  private final Runnable onChanged;

  /**
   * The desk of a projection.
   *
   * @param onChanged is called after a change, on a blocking thread: there may be something to
   *     drain
   */
  SkipDesk(Node node, String projection, Runnable onChanged) {
    this.node = node;
    this.operations = new SkipOperations(node.database(), node.journal(), node.codec(), projection);
    this.onChanged = onChanged;
  }

  void handle(SkipCommand command) {
    if (command instanceof SkipCommand.ListSkips list) {
      answer(
          list.replyTo(), () -> operations.page(list.filter(), list.afterOrdering(), list.limit()));
    } else if (command instanceof SkipCommand.FindSkip find) {
      answer(find.replyTo(), () -> operations.details(find.id()));
    } else if (command instanceof SkipCommand.RetrySkip retry) {
      change(retry.replyTo(), () -> operations.retry(retry.seen(), retry.request()));
    } else if (command instanceof SkipCommand.DiscardSkip discard) {
      change(discard.replyTo(), () -> operations.discard(discard.seen(), discard.request()));
    } else if (command instanceof SkipCommand.RetrySkips retry) {
      change(
          retry.replyTo(),
          () -> operations.retryAll(retry.filter(), retry.request(), retry.dryRun()));
    } else if (command instanceof SkipCommand.DiscardSkips discard) {
      change(
          discard.replyTo(),
          () -> operations.discardAll(discard.filter(), discard.request(), discard.dryRun()));
    }
  }

  private <T> void change(ActorRef<StatusReply<T>> replyTo, Callable<T> work) {
    answer(
        replyTo,
        () -> {
          T answer = work.call();
          onChanged.run();
          return answer;
        });
  }

  private <T> void answer(ActorRef<StatusReply<T>> replyTo, Callable<T> work) {
    node.onBlockingThread(work)
        .whenComplete(
            (answer, error) ->
                replyTo.tell(
                    error == null ? StatusReply.success(answer) : StatusReply.error(error)));
  }
}
