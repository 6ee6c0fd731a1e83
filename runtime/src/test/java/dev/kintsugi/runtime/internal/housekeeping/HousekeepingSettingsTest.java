package dev.kintsugi.runtime.internal.housekeeping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HousekeepingSettingsTest {

  private static HousekeepingSettings with(String settings) {
    return HousekeepingSettings.of(
        ConfigFactory.parseString("kintsugi.housekeeping { " + settings + " }")
            .withFallback(ConfigFactory.defaultReference())
            .resolve()
            .getConfig("kintsugi.housekeeping"));
  }

  @Test
  void the_defaults_are_those_of_reference_conf() {
    assertThat(with(""))
        .isEqualTo(
            new HousekeepingSettings(
                Duration.ofHours(1),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofDays(14),
                Duration.ofDays(30)));
  }

  @Test
  void days_ahead_and_retention_have_a_least_value() {
    assertThatThrownBy(() -> with("archive-ahead = 47h"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kintsugi.housekeeping.archive-ahead is PT47H; it has to be 2 days or more");
    assertThatThrownBy(() -> with("archive-retention = 23h"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "kintsugi.housekeeping.archive-retention is PT23H; it has to be 1 days or more");
    assertThat(with("archive-ahead = 2d, archive-retention = 1d").archiveRetention())
        .isEqualTo(Duration.ofDays(1));
  }

  @Test
  void keys_that_contradict_each_other_are_both_named() {
    assertThatThrownBy(() -> with("retry = 2h"))
        .hasMessage(
            "kintsugi.housekeeping.retry (PT2H) is longer than kintsugi.housekeeping.interval (PT1H)");
    assertThatThrownBy(() -> with("interval = 14d"))
        .hasMessageContaining("archive-ahead (PT336H)")
        .hasMessageContaining("interval (PT336H)");
  }

  @Test
  void pauses_are_more_than_nothing() {
    assertThatThrownBy(() -> with("after-drain = 0s"))
        .hasMessage("kintsugi.housekeeping.after-drain has to be more than nothing, is PT0S");
  }
}
