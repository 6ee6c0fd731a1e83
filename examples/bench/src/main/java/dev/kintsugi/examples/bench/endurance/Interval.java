package dev.kintsugi.examples.bench.endurance;

import dev.kintsugi.runtime.status.Rebuild;
import java.time.Duration;

/**
 * One interval of the run.
 *
 * @param rebuilding while the rebuild that was asked for at its beginning was under way
 * @param afterwards until its end
 * @param heap bytes in use after a full collection at its end
 * @param server what the server had at its end
 */
record Interval(
    Waits rebuilding, Waits afterwards, Rebuild rebuild, long heap, ServerSample server) {

  double perSecond() {
    return (rebuilding.events() + afterwards.events())
        / (rebuilding.took().plus(afterwards.took()).toNanos() / 1e9);
  }

  Duration longest() {
    return rebuilding.longest().compareTo(afterwards.longest()) > 0
        ? rebuilding.longest()
        : afterwards.longest();
  }
}
