package dev.kintsugi.runtime.interleaving;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * A protocol that is broken in one place: the production code runs, and on the way to the server
 * one of its statements is changed.
 */
final class Broken implements Rewriting {

  private final UnaryOperator<String> change;
  private final boolean consultsFirst;
  private final boolean comparesIds;
  private final AtomicInteger changed = new AtomicInteger();

  private Broken(UnaryOperator<String> change, boolean consultsFirst, boolean comparesIds) {
    this.change = change;
    this.consultsFirst = consultsFirst;
    this.comparesIds = comparesIds;
  }

  /** One part of a statement is another. */
  static Broken where(String part, String isNow) {
    return new Broken(statement -> statement.replace(part, isNow), false, false);
  }

  static Broken consultBeforeTheId() {
    return new Broken(UnaryOperator.identity(), true, false);
  }

  /** No statement is changed: somebody in the story breaks the protocol, and that counts. */
  static Broken byTheStory() {
    Broken broken = new Broken(UnaryOperator.identity(), false, false);
    broken.changed.incrementAndGet();
    return broken;
  }

  Broken and(String part, String isNow) {
    return new Broken(
        statement -> change.apply(statement).replace(part, isNow), consultsFirst, comparesIds);
  }

  Broken comparingIds() {
    return new Broken(change, consultsFirst, true);
  }

  @Override
  public boolean comparesIds() {
    return comparesIds;
  }

  @Override
  public String rewrite(String statement) {
    String rewritten = change.apply(statement);
    if (!rewritten.equals(statement)) {
      changed.incrementAndGet();
    }
    return rewritten;
  }

  @Override
  public List<Integer> order(List<String> statements) {
    List<Integer> order = new ArrayList<>(Rewriting.super.order(statements));
    for (int i = 0; consultsFirst && i < statements.size(); i++) {
      if (statements.get(i).contains("FROM kintsugi_projection p")) {
        order.remove((Integer) i);
        order.add(0, i);
        changed.incrementAndGet();
      }
    }
    return order;
  }

  /**
   * How many statements were changed. If none was, nothing is broken, and a test proves nothing.
   */
  int changed() {
    return changed.get();
  }
}
