package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.LoadEvent;
import dev.kintsugi.examples.bench.load.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** Writes to one stream without pause. */
final class HotWriter implements Writer {

  /** The stream that fails. */
  static final String HOT = "hot";

  private final String stream;
  private final BooleanSupplier goesOn;
  private final AtomicLong asked = new AtomicLong();

  private HotWriter(String stream, BooleanSupplier goesOn) {
    this.stream = stream;
    this.goesOn = goesOn;
  }

  /** A writer for the hot stream, the first, and one for each of the others. */
  static List<HotWriter> ofAll(int others, BooleanSupplier goesOn) {
    List<HotWriter> writers = new ArrayList<>();
    writers.add(new HotWriter(HOT, goesOn));
    for (int i = 1; i <= others; i++) {
      writers.add(new HotWriter("other-" + i, goesOn));
    }
    return writers;
  }

  /** How many of its events are stored: all but the one under way. */
  long written() {
    return Math.max(0, asked.get() - 1);
  }

  @Override
  public Optional<Append> next() {
    asked.incrementAndGet();
    return goesOn.getAsBoolean()
        ? Optional.of(new Append(stream, LoadEvent.beginningWith(stream + " ")))
        : Optional.empty();
  }
}
