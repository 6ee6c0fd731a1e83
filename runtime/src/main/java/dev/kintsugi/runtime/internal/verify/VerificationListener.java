package dev.kintsugi.runtime.internal.verify;

import dev.kintsugi.runtime.status.Generation;

/** Is told how far a verification is, on its thread. What it throws ends the verification. */
interface VerificationListener {

  /** Listens to nothing. */
  VerificationListener NONE =
      new VerificationListener() {
        @Override
        public void begins(Generation generation, long upTo) {}

        @Override
        public void goesOn(Progress progress) {}
      };

  /**
   * How far it is.
   *
   * @param checkpoint up to which ordering
   * @param events how many were applied
   * @param open how many were left out for an open skip record
   * @param discarded how many were left out as given up
   */
  record Progress(long checkpoint, long events, long open, long discarded) {}

  /** It can be done, and is begun: at a point at which the journal goes up to this ordering. */
  void begins(Generation generation, long upTo) throws Exception;

  /** It has applied some more events, or compared a table. */
  void goesOn(Progress progress) throws Exception;
}
