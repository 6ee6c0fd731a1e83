package dev.kintsugi.examples.bench.failures;

import dev.kintsugi.examples.bench.load.StreamWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Those who write while a stream is hot. */
final class HotWriters {

  /** The stream that fails. */
  static final String HOT = "hot";

  private HotWriters() {}

  /** A writer for the hot stream, the first, and one for each of the others. */
  static List<StreamWriter> ofAll(int others, BooleanSupplier goesOn) {
    List<StreamWriter> writers = new ArrayList<>();
    writers.add(new StreamWriter(HOT, goesOn));
    for (int i = 1; i <= others; i++) {
      writers.add(new StreamWriter("other-" + i, goesOn));
    }
    return writers;
  }
}
