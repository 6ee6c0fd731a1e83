package dev.kintsugi.runtime.internal.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kintsugi.runtime.metrics.KintsugiMeter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Meters before, while and after they are reported to an application's registry. */
class MetricsTest {

  private final Metrics metrics = new Metrics();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final LongAdder count = new LongAdder();

  @AfterEach
  void close() {
    metrics.close();
    registry.close();
  }

  @Test
  void a_counter_has_what_was_counted_before_a_registry_came() {
    metrics.counter(KintsugiMeter.EVENTS_APPENDED, count);
    count.add(3);

    metrics.reportTo(registry);
    count.add(4);

    assertThat(registry.get("kintsugi.events.appended").functionCounter().count()).isEqualTo(7);
  }

  @Test
  void a_timer_begins_when_a_registry_comes() {
    Timer timer = metrics.timer(KintsugiMeter.APPEND);
    timer.record(Duration.ofMillis(1));

    metrics.reportTo(registry);
    timer.record(Duration.ofMillis(2));

    assertThat(registry.get("kintsugi.append").timer().count()).isEqualTo(1);
  }

  @Test
  void a_meter_that_is_made_later_is_reported_to_every_registry() {
    SimpleMeterRegistry other = new SimpleMeterRegistry();
    metrics.reportTo(registry);
    metrics.reportTo(other);

    metrics.summary(KintsugiMeter.JOURNAL_GROUP).record(5);

    assertThat(registry.get("kintsugi.journal.group").summary().totalAmount()).isEqualTo(5);
    assertThat(other.get("kintsugi.journal.group").summary().totalAmount()).isEqualTo(5);
    other.close();
  }

  @Test
  void a_gauge_that_has_ended_makes_room_for_the_next_one() {
    metrics.reportTo(registry);
    Runnable end = metrics.gauge(KintsugiMeter.JOURNAL_QUEUE, () -> 1, "1");
    metrics.gauge(KintsugiMeter.JOURNAL_QUEUE, () -> 2, "2");
    assertThat(queueOf("1")).isEqualTo(1);

    end.run();
    metrics.gauge(KintsugiMeter.JOURNAL_QUEUE, () -> 3, "1");

    assertThat(queueOf("1")).isEqualTo(3);
    assertThat(queueOf("2")).isEqualTo(2);
  }

  private double queueOf(String lane) {
    return registry.get("kintsugi.journal.queue").tag("lane", lane).gauge().value();
  }

  @Test
  void the_registry_outlives_the_node_and_has_no_meters_of_it_then() {
    metrics.counter(KintsugiMeter.EVENTS_APPENDED, count);
    metrics.reportTo(registry);
    metrics.gauge(KintsugiMeter.JOURNAL_QUEUE, () -> 1, "1");
    registry.counter("the.applications");
    assertThat(registry.getMeters()).hasSize(3);

    metrics.close();

    assertThat(registry.isClosed()).isFalse();
    assertThat(registry.getMeters())
        .extracting(meter -> meter.getId().getName())
        .containsExactly("the.applications");
  }

  @Test
  void a_registry_that_refuses_a_meter_does_no_harm_to_what_is_measured() {
    registry.config().meterFilter(refusing("kintsugi.append.consult"));
    metrics.reportTo(registry);

    metrics.timer(KintsugiMeter.APPEND_CONSULT).record(Duration.ofMillis(1));
    metrics.summary(KintsugiMeter.JOURNAL_GROUP).record(1);

    assertThat(registry.getMeters())
        .extracting(meter -> meter.getId().getName())
        .containsExactly("kintsugi.journal.group");
  }

  private static MeterFilter refusing(String name) {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        if (id.getName().equals(name)) {
          throw new IllegalArgumentException("no " + name + " here");
        }
        return id;
      }
    };
  }

  @Test
  void a_meter_without_all_its_tags_is_refused() {
    assertThatThrownBy(() -> metrics.counter(KintsugiMeter.SKIPS_RECORDED, count, "log"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("kintsugi.skips.recorded")
        .hasMessageContaining("[projection, reason]");
  }
}
