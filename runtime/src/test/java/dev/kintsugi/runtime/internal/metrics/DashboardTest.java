package dev.kintsugi.runtime.internal.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kintsugi.runtime.metrics.KintsugiMeter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What Grafana and people are told of the meters, beside the meters. */
class DashboardTest {

  private static final Pattern METRIC = Pattern.compile("\\bkintsugi_\\w+");
  private static final Pattern SERIES = Pattern.compile("(?m)^kintsugi_\\w+");
  private static final Pattern GROUPED = Pattern.compile("by \\(([^)]*)\\)");
  private static final Pattern SELECTED = Pattern.compile("[{,] *(\\w+)=~?\"");
  private static final Pattern IN_A_LEGEND = Pattern.compile("\\{\\{(\\w+)}}");

  private final JsonNode dashboard;

  DashboardTest() throws Exception {
    dashboard = new ObjectMapper().readTree(Path.of("../config/grafana/kintsugi.json").toFile());
  }

  private List<JsonNode> panels() {
    List<JsonNode> panels = new ArrayList<>();
    dashboard.get("panels").forEach(panels::add);
    return panels.stream().filter(panel -> !panel.get("type").asText().equals("row")).toList();
  }

  private List<String> queries() {
    List<String> queries = new ArrayList<>();
    panels().forEach(panel -> queries.addAll(panel.get("targets").findValuesAsText("expr")));
    queries.addAll(dashboard.get("templating").findValuesAsText("definition"));
    return queries;
  }

  private static Stream<String> find(Pattern pattern, int group, String text) {
    return pattern.matcher(text).results().map((MatchResult match) -> match.group(group));
  }

  /** The names of all series that a scrape of a node has. */
  private static Set<String> series() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    LongAdder count = new LongAdder();
    try (Metrics metrics = new Metrics()) {
      metrics.reportTo(registry);
      for (KintsugiMeter meter : KintsugiMeter.values()) {
        String[] tags = meter.tags().toArray(String[]::new);
        switch (meter.kind()) {
          case COUNTER -> metrics.counter(meter, count, tags);
          case GAUGE -> metrics.gauge(meter, () -> 1, tags);
          case TIMER, LATENCY -> metrics.timer(meter, tags).record(Duration.ofMillis(1));
          case SUMMARY -> metrics.summary(meter, tags).record(1);
        }
      }
      Set<String> names = new TreeSet<>();
      find(SERIES, 0, registry.scrape()).forEach(names::add);
      return names;
    }
  }

  @Test
  void every_series_that_the_dashboard_asks_for_is_one_that_a_node_has() {
    Set<String> series = series();

    assertThat(series).contains("kintsugi_events_appended_total", "kintsugi_append_seconds_bucket");
    assertThat(queries()).hasSizeGreaterThan(20);
    assertThat(queries())
        .allSatisfy(query -> assertThat(find(METRIC, 0, query)).isNotEmpty().isSubsetOf(series));
  }

  @Test
  void the_dashboard_shows_every_meter() {
    String all = String.join("\n", queries());

    assertThat(KintsugiMeter.values())
        .allSatisfy(
            meter ->
                assertThat(find(METRIC, 0, all))
                    .anyMatch(name -> name.startsWith(meter.meterName().replace('.', '_'))));
  }

  @Test
  void every_label_that_the_dashboard_uses_is_a_tag_or_prometheus_own() {
    Set<String> labels = new TreeSet<>(Set.of("instance", "le"));
    Arrays.stream(KintsugiMeter.values()).map(KintsugiMeter::tags).forEach(labels::addAll);

    assertThat(queries())
        .allSatisfy(
            query -> {
              assertThat(find(SELECTED, 1, query)).isSubsetOf(labels);
              assertThat(find(GROUPED, 1, query).flatMap(list -> Stream.of(list.split(", "))))
                  .isSubsetOf(labels);
            });
    assertThat(
            panels().stream()
                .flatMap(panel -> panel.get("targets").findValuesAsText("legendFormat").stream())
                .flatMap(legend -> find(IN_A_LEGEND, 1, legend)))
        .isNotEmpty()
        .isSubsetOf(labels);
  }

  @Test
  void every_panel_says_what_it_shows_from_the_data_source_that_was_chosen() {
    assertThat(dashboard.get("schemaVersion").asInt()).isGreaterThanOrEqualTo(39);
    assertThat(dashboard.findValuesAsText("id")).isNotEmpty().doesNotHaveDuplicates();
    assertThat(panels())
        .isNotEmpty()
        .allSatisfy(
            panel -> {
              assertThat(panel.path("title").asText()).isNotBlank();
              assertThat(panel.path("description").asText()).isNotBlank();
              assertThat(panel.get("datasource").get("uid").asText()).isEqualTo("${datasource}");
            });
    assertThat(dashboard.get("templating").get("list").get(0).get("name").asText())
        .isEqualTo("datasource");
  }

  @Test
  void the_readme_names_every_meter_with_its_tags() throws Exception {
    List<String> rows =
        Files.readAllLines(Path.of("../README.md")).stream()
            .filter(line -> line.startsWith("| `kintsugi."))
            .toList();

    assertThat(KintsugiMeter.values())
        .allSatisfy(
            meter -> {
              String tags = meter.tags().isEmpty() ? "" : String.join(", ", meter.tags()) + " ";
              assertThat(rows)
                  .anyMatch(
                      row ->
                          row.startsWith("| `" + meter.meterName() + "` |")
                              && row.contains("| " + tags + "|"));
            });
  }
}
