package dev.kintsugi.runtime.internal.durable;

/**
 * A state's last change.
 *
 * @param offset its place in the order of changes
 */
record ChangedState(long offset, StateRow row) {}
