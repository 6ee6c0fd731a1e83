package dev.kintsugi.runtime.internal.hosting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostingSettingsTest {

  private static HostingSettings with(String mode) {
    return HostingSettings.of(
        ConfigFactory.parseString("mode = " + mode)
            .withFallback(ConfigFactory.load().getConfig("kintsugi.hosting")));
  }

  private static boolean isSharded(String mode, String provider) {
    return with(mode).isSharded(provider, HostingSettings.SHARDING::equals);
  }

  @Test
  void a_cluster_is_known_by_its_short_name_and_by_its_class() {
    assertThat(isSharded("auto", "cluster")).isTrue();
    assertThat(isSharded("auto", "org.apache.pekko.cluster.ClusterActorRefProvider")).isTrue();
    assertThat(isSharded("auto", "local")).isFalse();
    assertThat(isSharded("auto", "remote")).isFalse();
    assertThat(isSharded("local", "cluster")).isFalse();
    assertThat(isSharded("sharded", "cluster")).isTrue();
  }

  @Test
  void a_cluster_without_sharding_on_the_class_path_is_refused_with_the_dependency() {
    for (String mode : List.of("auto", "sharded")) {
      assertThatThrownBy(() -> with(mode).isSharded("cluster", className -> false))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("org.apache.pekko:pekko-cluster-sharding-typed")
          .hasMessageContaining("kintsugi.hosting.mode = local");
    }
    assertThat(with("local").isSharded("cluster", className -> false)).isFalse();
    assertThat(with("auto").isSharded("local", className -> false)).isFalse();
  }

  @Test
  void what_is_no_mode_is_refused_with_those_that_there_are() {
    assertThatThrownBy(() -> with("everywhere"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kintsugi.hosting.mode is 'everywhere'; it is to be auto, sharded or local");
  }
}
