package dev.kintsugi.examples.bench.cluster.many;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What a JVM holds.
 *
 * @param heap in use after a full collection, in bytes
 * @param resident of the process, in bytes; empty where the system does not say
 */
record Memory(long heap, OptionalLong resident, int threads) {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RESIDENT = "VmRSS:";
  private static final int KIB = 1024;

  /** Of this JVM. */
  static Memory afterCollection() throws IOException {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return new Memory(
        memory.getHeapMemoryUsage().getUsed(),
        ownResident(),
        ManagementFactory.getThreadMXBean().getThreadCount());
  }

  private static OptionalLong ownResident() throws IOException {
    if (!Files.exists(STATUS)) {
      return OptionalLong.empty();
    }
    return Files.readAllLines(STATUS).stream()
        .filter(line -> line.startsWith(RESIDENT))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * KIB)
        .findFirst();
  }

  static Memory parse(String line) {
    List<Long> figures = Stream.of(line.split(" ", -1)).map(Long::parseLong).toList();
    return new Memory(
        figures.get(0),
        figures.get(1) < 0 ? OptionalLong.empty() : OptionalLong.of(figures.get(1)),
        figures.get(2).intValue());
  }

  /** As {@link #parse} reads it. */
  String line() {
    return "%d %d %d".formatted(heap, resident.orElse(-1), threads);
  }
}
