package dev.kintsugi.examples.bench.server;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** What the run is on: figures mean nothing without it. */
final class Machine {

  private static final double GIB = 1 << 30;

  private Machine() {}

  static String description() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return "%d cores, %.0f GiB, %s %s; Java %s, heap up to %.1f GiB"
        .formatted(
            system.getAvailableProcessors(),
            system.getTotalMemorySize() / GIB,
            system.getName(),
            system.getArch(),
            System.getProperty("java.version"),
            Runtime.getRuntime().maxMemory() / GIB);
  }
}
