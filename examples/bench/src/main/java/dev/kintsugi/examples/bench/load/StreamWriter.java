package dev.kintsugi.examples.bench.load;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/** Writes to one stream without pause, once at least. */
public final class StreamWriter implements Writer {

  private final String stream;
  private final BooleanSupplier goesOn;
  private final AtomicLong asked = new AtomicLong();

  /**
   * A writer that has written nothing yet.
   *
   * @param goesOn is asked before each event but the first
   */
  public StreamWriter(String stream, BooleanSupplier goesOn) {
    this.stream = stream;
    this.goesOn = goesOn;
  }

  /** How many of its events are stored: all but the one under way. */
  public long written() {
    return Math.max(0, asked.get() - 1);
  }

  @Override
  public Optional<Append> next() {
    return asked.incrementAndGet() == 1 || goesOn.getAsBoolean()
        ? Optional.of(new Append(stream, LoadEvent.beginningWith(stream + " ")))
        : Optional.empty();
  }
}
