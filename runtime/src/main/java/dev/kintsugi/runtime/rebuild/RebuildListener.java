package dev.kintsugi.runtime.rebuild;

/**
 * Is told what a rebuild's steps have done, on the thread of the step, once it is committed. It
 * must not throw: the step is done.
 */
public interface RebuildListener {

  /** Nobody listens. */
  RebuildListener NOBODY = batch -> {};

  /** A batch of the replay has committed. */
  void replayed(Replayed batch);
}
