package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.status.Phase;
import org.apache.pekko.annotation.ApiMayChange;

/** What came of a request about the rebuild that is under way. */
@ApiMayChange
public sealed interface RebuildAnswer {

  /** In one line, for people. */
  String message();

  /** It replays no more than so many events a second from its next batch on; 0 is no limit. */
  record Limited(String projection, int generation, int eventsPerSecond) implements RebuildAnswer {
    @Override
    public String message() {
      return eventsPerSecond == 0
          ? "the rebuild of projection '%s', generation %d, is not limited"
              .formatted(projection, generation)
          : "the rebuild of projection '%s', generation %d, replays %d events a second at the most"
              .formatted(projection, generation, eventsPerSecond);
    }
  }

  /**
   * It is stopped before anything was emptied: the read model stays as it was, and is in use again
   * as soon as no transaction runs that began before.
   *
   * @param version the version that is active again
   * @param raised the version that it was to be rebuilt by; it may be the same
   */
  record Returns(String projection, int generation, int version, int raised)
      implements RebuildAnswer {
    @Override
    public String message() {
      return ("the rebuild of projection '%s', generation %d, is stopped before anything was emptied: its"
              + " read model stays as it is. Writers record what comes until all transactions have"
              + " ended that began before; then that is applied, and version %d is active again%s")
          .formatted(
              projection,
              generation,
              version,
              version == raised
                  ? ""
                  : ". A node that starts with version %d begins the rebuild anew, unless kintsugi.rebuild.on-raised-version is wait"
                      .formatted(raised));
    }
  }

  /**
   * It is given up where it stands. The read model is incomplete; writers record what comes, so
   * that nothing is lost, until a new rebuild makes it whole. If it was settling, the read model is
   * in use and stays so, and recovery goes on: only the proof that nothing is missing does not
   * come.
   */
  record Stopped(String projection, int generation, Phase phase) implements RebuildAnswer {
    @Override
    public String message() {
      if (phase == Phase.SETTLE) {
        return ("the rebuild of projection '%s', generation %d, is stopped while it settles: its read model"
                + " stays in use, and recovery applies what is recorded still. Nobody proves any more that"
                + " nothing is missing: a verification does, or a new rebuild")
            .formatted(projection, generation);
      }
      return ("the rebuild of projection '%s', generation %d, is stopped in phase %s: its read model is"
              + " incomplete, and writers record what comes until a new rebuild makes it whole")
          .formatted(projection, generation, phase.inTable());
    }
  }

  /** It was built beside the one that serves, which stays as it is; nothing is left of it. */
  record Discarded(String projection, int generation, Phase phase) implements RebuildAnswer {
    @Override
    public String message() {
      return ("the build of projection '%s', generation %d, is stopped in phase %s, and its tables are"
              + " dropped as soon as nobody writes to them; what serves is untouched")
          .formatted(projection, generation, phase.inTable());
    }
  }

  /** Somebody has approved it: it serves as soon as no reader is in the way. */
  record Approved(String projection, int generation) implements RebuildAnswer {
    @Override
    public String message() {
      return "projection '%s', generation %d, is approved, and serves as soon as no reader is in the way"
          .formatted(projection, generation);
    }
  }

  /** The generation that served before serves again, as soon as no reader is in the way. */
  record SwapsBack(String projection, int generation) implements RebuildAnswer {
    @Override
    public String message() {
      return "projection '%s', generation %d, serves again as soon as no reader is in the way"
          .formatted(projection, generation);
    }
  }

  /** A generation that serves no more is kept no longer: its swap can't be undone any more. */
  record KeptNoMore(String projection, int generation) implements RebuildAnswer {
    @Override
    public String message() {
      return "projection '%s', generation %d, is retired; the swap that replaced it can't be undone any more"
          .formatted(projection, generation);
    }
  }

  /** Nothing was changed: no rebuild is under way that could be. */
  record NoneUnderWay(String projection, String why) implements RebuildAnswer {
    @Override
    public String message() {
      return "projection '%s' has no rebuild under way that could be changed: %s"
          .formatted(projection, why);
    }
  }
}
