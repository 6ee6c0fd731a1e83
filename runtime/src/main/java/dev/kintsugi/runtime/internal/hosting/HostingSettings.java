package dev.kintsugi.runtime.internal.hosting;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/**
 * Section {@code kintsugi.hosting} of the configuration.
 *
 * @param role nodes that host; empty for all
 */
record HostingSettings(Mode mode, String role, Duration keepAliveInterval, Duration answerTimeout) {

  enum Mode {
    /** Sharded in a cluster, local without one. */
    AUTO,
    SHARDED,
    LOCAL;

    private static Mode of(String text) {
      return Arrays.stream(values())
          .filter(mode -> mode.name().toLowerCase(Locale.ROOT).equals(text))
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "kintsugi.hosting.mode is '%s'; it is to be auto, sharded or local"
                          .formatted(text)));
    }
  }

  static HostingSettings of(Config config) {
    return new HostingSettings(
        Mode.of(config.getString("mode")),
        config.getString("role"),
        config.getDuration("keep-alive-interval"),
        config.getDuration("answer-timeout"));
  }

  /**
   * Whether supervisors are sharded.
   *
   * @param provider {@code pekko.actor.provider}: a short name, or a class
   * @throws IllegalArgumentException if they are to be, and there is no cluster
   */
  boolean isSharded(String provider) {
    boolean inCluster =
        provider.equals("cluster")
            || provider.equals("org.apache.pekko.cluster.ClusterActorRefProvider");
    if (mode == Mode.SHARDED && !inCluster) {
      throw new IllegalArgumentException(
          "kintsugi.hosting.mode is sharded, which needs pekko.actor.provider = cluster");
    }
    return mode == Mode.SHARDED || (mode == Mode.AUTO && inCluster);
  }
}
