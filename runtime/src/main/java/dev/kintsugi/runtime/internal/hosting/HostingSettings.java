package dev.kintsugi.runtime.internal.hosting;

import com.typesafe.config.Config;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Predicate;

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

  /** Pekko's Cluster Sharding, which an application in a cluster has itself. */
  static final String SHARDING = "org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding";

  /**
   * Whether supervisors are sharded.
   *
   * @param provider {@code pekko.actor.provider}: a short name, or a class
   * @param isThere whether the class path has a class
   * @throws IllegalArgumentException if they are to be, and there is no cluster, or no sharding
   */
  boolean isSharded(String provider, Predicate<String> isThere) {
    boolean inCluster =
        provider.equals("cluster")
            || provider.equals("org.apache.pekko.cluster.ClusterActorRefProvider");
    if (mode == Mode.SHARDED && !inCluster) {
      throw new IllegalArgumentException(
          "kintsugi.hosting.mode is sharded, which needs pekko.actor.provider = cluster");
    }
    boolean isSharded = mode == Mode.SHARDED || (mode == Mode.AUTO && inCluster);
    if (isSharded && !isThere.test(SHARDING)) {
      throw new IllegalArgumentException(
          "pekko.actor.provider is cluster, and Cluster Sharding, which hosts projections there, is not on the"
              + " class path. Add the dependency org.apache.pekko:pekko-cluster-sharding-typed, in the version"
              + " of Pekko that the application has; or set kintsugi.hosting.mode = local, and each node looks"
              + " after all of its projections");
    }
    return isSharded;
  }
}
