package dev.kintsugi.runtime.scale;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Skip records while a rebuild replays, and after that: events come to streams of which some are
 * written far more often than others; each is recorded while the replay goes on, and later if its
 * stream has more open records than a writer helps with. Recovery drains the oldest first, with
 * those of the same stream in their order.
 */
final class BacklogSimulation {

  private static final int TICKS_A_SECOND = 1_000;

  /**
   * What is simulated.
   *
   * @param streams how many there are; the n-th is written in proportion to 1/n
   * @param perSecond events that are appended
   * @param replaySeconds how long the replay takes
   * @param drainPerSecond records that recovery applies
   * @param helpLimit as {@code kintsugi.writer.help-limit}
   */
  record Load(int streams, int perSecond, int replaySeconds, int drainPerSecond, int helpLimit) {}

  /**
   * What came of it.
   *
   * @param mostOpen records that were open at a time
   * @param recordedBehind events that were recorded after the replay
   * @param drainSeconds from the end of the replay until none was open
   * @param inlineHalfway which share of the events was applied inline when half of that time had
   *     passed
   */
  record Result(long mostOpen, long recordedBehind, double drainSeconds, double inlineHalfway) {}

  private final RandomGenerator random;
  private final Load load;
  private final double[] upTo;
  private final int[] open;

  /** Records in the order of the journal: the stream of each. */
  private int[] records = new int[1 << 16];

  private int end;
  private int next;

  /** Of a stream: its records before this one are applied, by a writer that helped. */
  private final int[] helped;

  private long openNow;

  BacklogSimulation(RandomGenerator random, Load load) {
    this.random = random;
    this.load = load;
    this.open = new int[load.streams()];
    this.helped = new int[load.streams()];
    this.upTo = new double[load.streams()];
    double sum = 0;
    for (int stream = 0; stream < load.streams(); stream++) {
      sum += 1.0 / (stream + 1);
      upTo[stream] = sum;
    }
  }

  private int stream() {
    double at = random.nextDouble() * upTo[upTo.length - 1];
    int found = Arrays.binarySearch(upTo, at);
    return found < 0 ? -found - 1 : found;
  }

  Result run() {
    long recorded = (long) load.perSecond() * load.replaySeconds();
    for (long i = 0; i < recorded; i++) {
      record(stream());
    }
    long mostOpen = openNow;
    long behind = 0;
    long ticks = 0;
    double events = 0;
    double drained = 0;
    long[] inlineUntil = new long[1 << 20];
    long[] appendedUntil = new long[1 << 20];
    long inline = 0;
    long appended = 0;
    while (openNow > 0) {
      for (events += (double) load.perSecond() / TICKS_A_SECOND; events >= 1; events--) {
        int stream = stream();
        appended++;
        if (open[stream] <= load.helpLimit()) {
          help(stream);
          inline++;
        } else {
          record(stream);
          behind++;
        }
      }
      for (drained += (double) load.drainPerSecond() / TICKS_A_SECOND;
          drained >= 1 && openNow > 0;
          drained--) {
        drainOne();
      }
      mostOpen = Math.max(mostOpen, openNow);
      inlineUntil[(int) ticks] = inline;
      appendedUntil[(int) ticks] = appended;
      ticks++;
    }
    int half = (int) (ticks / 2);
    int window = Math.max(1, half / 10);
    double inlineHalfway =
        (double) (inlineUntil[half] - inlineUntil[half - window])
            / (appendedUntil[half] - appendedUntil[half - window]);
    return new Result(mostOpen, behind, (double) ticks / TICKS_A_SECOND, inlineHalfway);
  }

  private void record(int stream) {
    if (end == records.length) {
      records = Arrays.copyOf(records, records.length * 2);
    }
    records[end++] = stream;
    open[stream]++;
    openNow++;
  }

  private void help(int stream) {
    openNow -= open[stream];
    open[stream] = 0;
    helped[stream] = end;
  }

  private void drainOne() {
    while (next < helped[records[next]]) {
      next++;
    }
    open[records[next]]--;
    openNow--;
    next++;
  }
}
