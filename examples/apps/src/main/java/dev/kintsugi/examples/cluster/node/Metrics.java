package dev.kintsugi.examples.cluster.node;

import dev.kintsugi.runtime.Kintsugi;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.ExtensionIdProvider;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.management.javadsl.ManagementRouteProvider;
import org.apache.pekko.management.javadsl.ManagementRouteProviderSettings;

/**
 * {@code GET /metrics} for Prometheus, among the management routes: {@code orders.conf} names it.
 */
public final class Metrics extends AllDirectives implements ManagementRouteProvider {

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private Metrics(ExtendedActorSystem system) {
    Kintsugi.get(system).reportTo(registry);
  }

  @Override
  public Route routes(ManagementRouteProviderSettings settings) {
    return path(
        "metrics",
        () ->
            get(
                () ->
                    complete(
                        HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, registry.scrape()))));
  }

  /** What Pekko Management makes it by. */
  public static final class Id extends AbstractExtensionId<Metrics> implements ExtensionIdProvider {

    @Override
    public Metrics createExtension(ExtendedActorSystem system) {
      return new Metrics(system);
    }

    @Override
    public Id lookup() {
      return this;
    }
  }
}
