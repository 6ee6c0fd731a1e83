package dev.kintsugi.runtime.internal.rebuild;

import java.time.Duration;

/** Is told what a rebuild's steps have done, on the thread of the step, once it is committed. */
interface RebuildListener {

  /** Nobody listens. */
  RebuildListener NOBODY =
      new RebuildListener() {
        @Override
        public void replayed(Replayed batch, Duration took) {}

        @Override
        public void fencePassed(Duration waited) {}
      };

  /** A batch of the replay has committed. */
  void replayed(Replayed batch, Duration took);

  /** A fence that was waited for has passed. */
  void fencePassed(Duration waited);
}
