package dev.kintsugi.runtime.internal.metrics;

import dev.kintsugi.runtime.metrics.KintsugiMeter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's meters. They are there from the beginning, and reported nowhere until the application
 * says {@linkplain #reportTo where}: until then counters go on, and timers forget at once. Any
 * thread may use it.
 *
 * <p>A registry that refuses a meter never harms what is measured: the meter is reported nowhere,
 * and a warning says so.
 */
public final class Metrics implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Metrics.class);

  private final CompositeMeterRegistry registry = new CompositeMeterRegistry();

  /**
   * Where it reports. A composite of its own, with no meters: Micrometer warns of a registry that
   * comes to a composite after meters did, and here that is as it should be.
   */
  private final CompositeMeterRegistry reportedTo = new CompositeMeterRegistry();

  /** Has what could not be registered. */
  private final CompositeMeterRegistry nowhere = new CompositeMeterRegistry();

  public Metrics() {
    registry.add(reportedTo);
  }

  /**
   * Reports all meters to a registry, those that are made later, too. Counters have what was
   * counted before. The registry stays the application's, which closes it.
   */
  public void reportTo(MeterRegistry theirs) {
    reportedTo.add(theirs);
  }

  /** Reports a count that is kept anyway; whoever counts holds the adder. */
  public void counter(KintsugiMeter meter, LongAdder count, String... tagValues) {
    FunctionCounter.Builder<LongAdder> counter =
        FunctionCounter.builder(meter.meterName(), count, LongAdder::sum)
            .description(meter.description())
            .baseUnit(meter.baseUnit())
            .tags(tags(meter, tagValues));
    register(meter, counter::register);
  }

  /** A timer; the same one for the same values of its tags. */
  public Timer timer(KintsugiMeter meter, String... tagValues) {
    Timer.Builder timer =
        Timer.builder(meter.meterName())
            .description(meter.description())
            .tags(tags(meter, tagValues));
    if (meter.kind() == KintsugiMeter.Kind.LATENCY) {
      timer.serviceLevelObjectives(KintsugiMeter.buckets());
    }
    return register(meter, timer::register);
  }

  /** A distribution summary; the same one for the same values of its tags. */
  public DistributionSummary summary(KintsugiMeter meter, String... tagValues) {
    DistributionSummary.Builder summary =
        DistributionSummary.builder(meter.meterName())
            .description(meter.description())
            .baseUnit(meter.baseUnit())
            .tags(tags(meter, tagValues));
    return register(meter, summary::register);
  }

  /**
   * Reports a value whenever somebody asks for it. While it does, another gauge with the same
   * values of its tags is ignored.
   *
   * @param value is asked on a thread of whoever reads the registry, so it must not block
   * @return ends it
   */
  public Runnable gauge(KintsugiMeter meter, Supplier<Number> value, String... tagValues) {
    Gauge.Builder<Supplier<Number>> builder =
        Gauge.builder(meter.meterName(), value)
            .description(meter.description())
            .baseUnit(meter.baseUnit())
            .tags(tags(meter, tagValues));
    Gauge gauge = register(meter, builder::register);
    return () -> registry.remove(gauge);
  }

  private static List<Tag> tags(KintsugiMeter meter, String... values) {
    List<String> keys = meter.tags();
    if (values.length != keys.size()) {
      throw new IllegalArgumentException(
          "meter %s has the tags %s, and %d values are given"
              .formatted(meter.meterName(), keys, values.length));
    }
    List<Tag> tags = new ArrayList<>(values.length);
    for (int i = 0; i < values.length; i++) {
      tags.add(Tag.of(keys.get(i), values[i]));
    }
    return tags;
  }

  private <M> M register(KintsugiMeter meter, Function<MeterRegistry, M> registration) {
    try {
      return registration.apply(registry);
    } catch (RuntimeException e) {
      log.warn(
          "A registry refuses meter {}, which is not reported therefore; all else goes on",
          meter.meterName(),
          e);
      return registration.apply(nowhere);
    }
  }

  /**
   * Takes the meters out of the registries that they were reported to, and leaves these open: they
   * are the application's.
   */
  @Override
  public void close() {
    registry.getMeters().forEach(registry::remove);
    List.copyOf(reportedTo.getRegistries()).forEach(reportedTo::remove);
    registry.close();
    nowhere.close();
  }
}
