package dev.kintsugi.examples.bench.append;

import dev.kintsugi.examples.bench.append.Case.Extra;
import dev.kintsugi.examples.bench.append.Case.Work;
import dev.kintsugi.examples.bench.load.Plugin;
import dev.kintsugi.examples.bench.stats.Target;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What of ours is beside what of the stock plugin's, and how many times as fast it is to be. */
enum Comparison {
  PERSIST(Work.PERSIST, Extra.NOTHING, Extra.NOTHING, 1.5),
  PERSIST_TAG(Work.PERSIST, Extra.TAG, Extra.TAG, 2.0),
  PERSIST_UPSERT(Work.PERSIST, Extra.NOTHING, Extra.UPSERT, 1.0),
  PERSIST_BATCHED_UPSERT(Work.PERSIST, Extra.NOTHING, Extra.BATCHED_UPSERT, 1.0),
  PERSIST_COALESCED_UPSERT(Work.PERSIST, Extra.NOTHING, Extra.COALESCED_UPSERT, 1.0),
  ASYNC(Work.PERSIST_ASYNC, Extra.NOTHING, Extra.NOTHING, 1.2),
  ASYNC_TAG(Work.PERSIST_ASYNC, Extra.TAG, Extra.TAG, 2.0),
  ASYNC_UPSERT(Work.PERSIST_ASYNC, Extra.NOTHING, Extra.UPSERT, 1.0),
  ASYNC_BATCHED_UPSERT(Work.PERSIST_ASYNC, Extra.NOTHING, Extra.BATCHED_UPSERT, 1.0),
  ASYNC_COALESCED_UPSERT(Work.PERSIST_ASYNC, Extra.NOTHING, Extra.COALESCED_UPSERT, 1.0),
  RECOVERY(Work.RECOVER, Extra.NOTHING, Extra.NOTHING, 1.2);

  private final Work work;
  private final Extra withStock;
  private final Extra withOurs;
  private final double atLeast;

  Comparison(Work work, Extra withStock, Extra withOurs, double atLeast) {
    this.work = work;
    this.withStock = withStock;
    this.withOurs = withOurs;
    this.atLeast = atLeast;
  }

  Case stock() {
    return new Case(Plugin.STOCK, work, withStock);
  }

  Case ours() {
    return new Case(Plugin.KINTSUGI, work, withOurs);
  }

  Target target() {
    return new Target.AtLeast(atLeast);
  }

  /** What must be run for some comparisons, each case once. */
  static List<Case> cases(Collection<Comparison> comparisons) {
    return comparisons.stream()
        .flatMap(comparison -> Stream.of(comparison.stock(), comparison.ours()))
        .distinct()
        .toList();
  }

  /** As on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
