package dev.kintsugi.runtime.differential;

import dev.kintsugi.projections.FailurePolicy;
import dev.kintsugi.projections.Projection;
import java.util.List;
import java.util.random.RandomGenerator;

/** A definition that a seed has made, and events for it. Each event is a text. */
interface RandomDefinition {

  /**
   * The projection, under a name of its own.
   *
   * @param name also the beginning of its tables' names
   */
  Projection<String> named(String name, FailurePolicy policy);

  /** An event of a stream. */
  String event(RandomGenerator random, String stream);

  /** Statements whose rows, in order, are the read model. */
  List<String> rows(String name);

  /** Whether the auditor can compare all of it. */
  boolean isComparable();

  /** What it is, for a failure's message. */
  @Override
  String toString();
}
