package dev.kintsugi.runtime.internal.hosting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;

class HostingSettingsTest {

  private static HostingSettings with(String mode) {
    return HostingSettings.of(
        ConfigFactory.parseString("mode = " + mode)
            .withFallback(ConfigFactory.load().getConfig("kintsugi.hosting")));
  }

  @Test
  void a_cluster_is_known_by_its_short_name_and_by_its_class() {
    assertThat(with("auto").isSharded("cluster")).isTrue();
    assertThat(with("auto").isSharded("org.apache.pekko.cluster.ClusterActorRefProvider")).isTrue();
    assertThat(with("auto").isSharded("local")).isFalse();
    assertThat(with("auto").isSharded("remote")).isFalse();
    assertThat(with("local").isSharded("cluster")).isFalse();
    assertThat(with("sharded").isSharded("cluster")).isTrue();
  }

  @Test
  void what_is_no_mode_is_refused_with_those_that_there_are() {
    assertThatThrownBy(() -> with("everywhere"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kintsugi.hosting.mode is 'everywhere'; it is to be auto, sharded or local");
  }
}
