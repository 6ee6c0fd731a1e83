package dev.kintsugi.runtime.operations;

import dev.kintsugi.runtime.verify.VerificationRun;

/** What came of a request to stop a verification. */
public sealed interface StopAnswer {

  /** In one line, for people. */
  String message();

  /** It is stopped on record; its node leaves off as soon as it looks there. */
  record Stopped(String projection, int id) implements StopAnswer {
    @Override
    public String message() {
      return "verification %d of projection '%s' is stopped".formatted(id, projection);
    }
  }

  /** Nothing was changed: it had ended. */
  record HadEnded(VerificationRun run) implements StopAnswer {
    @Override
    public String message() {
      return "verification %d of projection '%s' has ended: it is %s"
          .formatted(run.id(), run.projection(), run.state().inTable());
    }
  }

  /** The projection has no verification of this number, or no longer. */
  record NotThere(String projection, int id) implements StopAnswer {
    @Override
    public String message() {
      return "projection '%s' has no verification %d".formatted(projection, id);
    }
  }
}
