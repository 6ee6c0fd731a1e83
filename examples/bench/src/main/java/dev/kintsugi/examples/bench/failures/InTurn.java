package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.Writer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

/** Writes to many streams in turn, for as many writers as it is given to. */
final class InTurn implements Writer {

  private final int streams;
  private final LongPredicate goesOn;
  private final AtomicLong turn = new AtomicLong();

  /**
   * Begins with the first stream.
   *
   * @param goesOn is asked before each event, with the number of those before
   */
  InTurn(int streams, LongPredicate goesOn) {
    this.streams = streams;
    this.goesOn = goesOn;
  }

  @Override
  public Optional<Append> next() {
    long number = turn.getAndIncrement();
    if (!goesOn.test(number)) {
      return Optional.empty();
    }
    String stream = "load-" + (1 + number % streams);
    return Optional.of(new Append(stream, LoadEvent.beginningWith(stream + " ")));
  }
}
