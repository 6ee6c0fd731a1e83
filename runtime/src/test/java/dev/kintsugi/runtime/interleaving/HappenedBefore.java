package dev.kintsugi.runtime.interleaving;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which events of a run had to come before which: by their sessions, or as one depends on it. */
final class HappenedBefore {

  private HappenedBefore() {}

  /** Is told of two events that depend on each other and that nothing else puts in this order. */
  interface Race {

    /**
     * Takes note of it.
     *
     * @param firsts the events of which one has to be done before the earlier one for the later one
     *     to come before it: those that nothing else has to come before, of what does not follow
     *     from the earlier one
     */
    void between(int earlier, int later, List<Integer> firsts);
  }

  /** For each event those that had to come before it; tells of each race on the way. */
  static List<BitSet> of(List<Run.Event> events, Race race) {
    List<BitSet> before = new ArrayList<>();
    Map<Integer, Integer> lastOf = new HashMap<>();
    for (int j = 0; j < events.size(); j++) {
      Run.Event event = events.get(j);
      BitSet past = new BitSet(j);
      addWithItsPast(past, lastOf.getOrDefault(event.session(), -1), before);
      addWithItsPast(past, event.letOnBy(), before);
      for (int i = j - 1; i >= 0; i--) {
        Run.Event earlier = events.get(i);
        if (!past.get(i)
            && earlier.session() != event.session()
            && earlier.step().access().dependsOn(event.step().access())) {
          race.between(i, j, firsts(i, j, past, before));
          addWithItsPast(past, i, before);
        }
      }
      before.add(past);
      lastOf.put(event.session(), j);
    }
    return before;
  }

  private static List<Integer> firsts(int i, int j, BitSet beforeJ, List<BitSet> before) {
    BitSet notAfterI = new BitSet(j + 1);
    List<Integer> firsts = new ArrayList<>();
    for (int k = i + 1; k <= j; k++) {
      BitSet past = k == j ? beforeJ : before.get(k);
      if (k == j || !past.get(i)) {
        if (!past.intersects(notAfterI)) {
          firsts.add(k);
        }
        notAfterI.set(k);
      }
    }
    return firsts;
  }

  private static void addWithItsPast(BitSet events, int event, List<BitSet> before) {
    if (event >= 0) {
      events.or(before.get(event));
      events.set(event);
    }
  }
}
