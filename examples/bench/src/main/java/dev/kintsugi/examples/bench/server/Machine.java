package dev.kintsugi.examples.bench.server;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What the run is on: figures mean nothing without it.
 *
 * @param processor its name, where the operating system says one
 * @param memory in bytes
 * @param heap how large the JVM's may get, in bytes
 */
public record Machine(
    int cores,
    String processor,
    long memory,
    String os,
    String architecture,
    String java,
    long heap) {

  private static final double GIB = 1 << 30;
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  /** This one. */
  public static Machine here() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new Machine(
        system.getAvailableProcessors(),
        processorName(),
        system.getTotalMemorySize(),
        system.getName() + " " + system.getVersion(),
        system.getArch(),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.version"),
        Runtime.getRuntime().maxMemory());
  }

  /** Linux has it in a file; elsewhere the architecture has to do. */
  private static String processorName() {
    if (!Files.isReadable(PROCESSORS)) {
      return "a processor without a name";
    }
    try (Stream<String> lines = Files.lines(PROCESSORS)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("a processor without a name");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** In a line. */
  String description() {
    return "%d cores (%s), %.0f GiB, %s %s; %s, heap up to %.1f GiB"
        .formatted(cores, processor, memory / GIB, os, architecture, java, heap / GIB);
  }
}
