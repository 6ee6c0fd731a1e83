package dev.kintsugi.runtime.skip;

/** Why an event was recorded and not applied. The names are those of the table. */
public enum SkipReason {
  /** The generation was being built. */
  REBUILDING,
  /** The projection was paused. */
  PAUSED,
  /** The handler threw, or the event could not be deserialized. */
  FAILED,
  /** An earlier event of the same stream is recorded, and could not be applied just then. */
  BEHIND,
  /** This node's build has no handler for the generation. */
  NO_HANDLER
}
