package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.skip.ArchivedSkip;
import dev.kintsugi.runtime.skip.OpenSkip;
import dev.kintsugi.runtime.skip.SkipId;
import java.util.Optional;

/** What came of a request about one skip record. */
public sealed interface SkipAnswer {

  /** In one line, for people. */
  String message();

  /** Recovery tries it at once, or as soon as nothing before it in its stream is open. */
  record Retried(SkipId id) implements SkipAnswer {
    @Override
    public String message() {
      return "skip record " + id + " is tried again";
    }
  }

  /** The read model does without the event, for good; a rebuild takes it in again. */
  record Discarded(SkipId id, long operation) implements SkipAnswer {
    @Override
    public String message() {
      return "skip record " + id + " is discarded";
    }
  }

  /**
   * Nothing was changed: there is no such open record.
   *
   * @param archived what became of it, if the archive knows
   */
  record Gone(SkipId id, Optional<ArchivedSkip> archived) implements SkipAnswer {
    @Override
    public String message() {
      return archived
          .map(
              was ->
                  "skip record %s is open no more: it was archived as %s at %s"
                      .formatted(id, was.outcome(), was.archivedAt()))
          .orElse("there is no skip record " + id);
    }
  }

  /** Nothing was changed: recovery, a writer or somebody else has it in hand just now. */
  record InHand(SkipId id) implements SkipAnswer {
    @Override
    public String message() {
      return "skip record %s is in hand: it may be applied right now. Look again.".formatted(id);
    }
  }

  /** Nothing was changed: something has happened to it since the caller looked. */
  record Changed(OpenSkip now) implements SkipAnswer {
    @Override
    public String message() {
      return "skip record %s is not as it was when you looked: it has failed %d times and is %s"
          .formatted(now.id(), now.attempts(), now.isParked() ? "parked" : "not parked");
    }
  }

  /** Nothing was changed: history is being replayed, and the record keeps its event out of it. */
  record NotYet(SkipId id) implements SkipAnswer {
    @Override
    public String message() {
      return "skip record %s can't be discarded while history is replayed; wait for the replay's end"
          .formatted(id);
    }
  }

  /** Nothing was changed: a discard needs a reason, which is kept. */
  record NoReason(SkipId id) implements SkipAnswer {
    @Override
    public String message() {
      return "skip record %s is not discarded: say why".formatted(id);
    }
  }
}
